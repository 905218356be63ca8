./hiker.sh
