# unittest closes with a line of its own: OK, or FAILED and why. Errors are not failed tests.
lambda { |stdout, stderr, status|
  case (stdout + stderr)
  when /^FAILED \(failures=\d+\)$/ then :red
  when /^OK\b/ then :green
  else :amber
  end
}
