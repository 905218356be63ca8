# What the drinks machine serves, whatever one asks for.
def brew(_wish)
  'something almost, but not quite, unlike tea'
end
