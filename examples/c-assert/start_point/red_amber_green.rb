lambda { |stdout, stderr, status|
  if stderr =~ /Assertion .*failed/ then :red
  elsif status == 0 && stdout.include?('All tests passed') then :green
  else :amber
  end
}
