class Hiker {}
