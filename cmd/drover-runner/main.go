// Drover-runner is the program that drover pushes to hosts: it serves module
// calls on its standard streams and leaves when they end.
package main

import (
	"os"

	"drover/modules/runner"
)

func main() { os.Exit(runner.Main(os.Args[1:])) }
