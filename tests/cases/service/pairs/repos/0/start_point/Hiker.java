class Hiker {
	int answer() { return 6 * 9; } // "quoted" \ </script>
}
