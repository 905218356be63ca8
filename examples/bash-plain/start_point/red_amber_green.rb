lambda { |stdout, stderr, status|
  return :amber unless stderr.empty?
  return :red if stdout.match?(/^FAILED /)
  return :green if stdout.match?(/^PASSED /)
  :amber
}
