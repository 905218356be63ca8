# Every file named test_*.sh is a test; one that fails ends with a status other than 0.
status=0
for file in test_*.sh; do
  bash "${file}" || status=1
done
exit "${status}"
