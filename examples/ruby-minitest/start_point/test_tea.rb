require 'minitest/autorun'
require_relative 'tea'

class TestTea < Minitest::Test
  def test_tea_is_tea
    assert_equal 'tea', brew('tea')
  end
end
