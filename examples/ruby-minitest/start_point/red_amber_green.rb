lambda { |stdout, stderr, status|
  counts = stdout.scan(/(\d+) failures, (\d+) errors/).map { |pair| pair.map(&:to_i) }
  return :amber if counts.empty? || counts.any? { |_, errors| errors > 0 }
  counts.all? { |failures, _| failures.zero? } ? :green : :red
}
