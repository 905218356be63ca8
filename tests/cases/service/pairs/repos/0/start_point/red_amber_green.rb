lambda { |stdout, stderr, status| :red }
