# Says how many towels a party of hikers takes along.
towels()
{
  local -r hikers="${1}"
  echo $((hikers - 1))
}
