# The TAP reporter closes with a count of each outcome.
lambda { |stdout, stderr, status|
  failed = stdout[/^# fail (\d+)$/, 1].to_i
  passed = stdout[/^# pass (\d+)$/, 1].to_i
  if stdout.include?('SyntaxError') then :amber
  elsif failed > 0 then :red
  elsif passed > 0 then :green
  else :amber
  end
}
