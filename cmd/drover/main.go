// Command drover runs playbooks against hosts over SSH.
//
// It is also ansible-playbook, ansible, ansible-inventory, ansible-vault,
// ansible-config and ansible-doc when it is called by one of these names, and the runner that it sends to hosts
// (see package transport/remote).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/playbook/source"
)

func main() {
	serveAsRunner(os.Args)
	serveAsKeeper(os.Args)
	collectLate()
	stop := profile(os.Getenv(profileEnv))
	code := start(context.Background(), os.Args)
	stop()
	os.Exit(code)
}

// collectLate lets the garbage collector wait for twice the memory in use
// instead of once, unless GOGC says otherwise: a run on a few hosts then ends
// after one or two collections, for a sixth less of the processor.
func collectLate() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// largeFleet is the number of hosts from which on memory is dearer than the
// collector's time.
const largeFleet = 500

// collectFor sets the collector for a run on that many hosts.
func collectFor(hosts int) {
	if os.Getenv("GOGC") == "" && hosts > largeFleet {
		debug.SetGCPercent(100)
	}
}

// command is a subcommand: its flags are made for each use, since they hold
// what was parsed.
type command struct {
	name, ansible string // ansible is the program it stands in for
	usage         string
	argsUsage     string
	help          string
	flags         func(v *verbosity) []cli.Flag
	run           func(c *cli.Context, v int) (int, error)
}

func commands() []*command {
	return []*command{
		runCommand(), execCommand(), inventoryCommand(), vaultCommand(), configCommand(), docCommand(), demoCommand(), completionCommand(), versionCommand(),
	}
}

// start runs the command line and gives the exit code.
func start(ctx context.Context, argv []string) (code int) {
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(os.Stderr, "[ERROR]: a fault of drover itself, please report it: %v\n%s", fault, debug.Stack())
			code = exitUnexpected
		}
	}()
	code, err := dispatch(ctx, argv)
	if err == nil {
		return code
	}
	report(err)
	return exitCode(err)
}

// dispatch finds the command that argv names, or that the program's own name
// stands for.
func dispatch(ctx context.Context, argv []string) (int, error) {
	name, args := filepath.Base(argv[0]), argv[1:]
	for _, c := range commands() {
		if c.ansible != "" && c.ansible == name {
			if slices.Contains(args, "--version") {
				return imitatedVersion()
			}
			return c.invoke(ctx, name, args)
		}
	}
	if len(args) == 0 || slices.Contains([]string{"-h", "--help", "help"}, args[0]) {
		return help(args)
	}
	if args[0] == "--version" {
		return printVersion()
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.invoke(ctx, "drover "+c.name, args[1:])
		}
	}
	return 0, unknownCommand(args[0])
}

func unknownCommand(name string) error {
	if strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".yaml") {
		return &usageError{msg: fmt.Sprintf("%s is no command (did you mean drover run %s?)", name, name)}
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return &usageError{msg: fmt.Sprintf("unknown command %q%s", name, source.DidYouMean(name, names))}
}

// help prints the list of commands, or the help of one.
func help(args []string) (int, error) {
	if len(args) == 2 && args[0] == "help" {
		return dispatch(context.Background(), []string{"drover", args[1], "--help"})
	}
	fmt.Print("drover runs playbooks against hosts over SSH.\n\nUsage: drover COMMAND [options]\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Printf("  %-12s %s\n", c.name, c.usage)
	}
	fmt.Print("\nSee drover COMMAND --help. New here? drover demo shows a whole run.\n" +
		"Linked as ansible-playbook, ansible, ansible-inventory, ansible-vault,\nansible-config or ansible-doc, drover is that program.\n")
	return exitOK, nil
}

// invoke parses args and runs the command under the name it was called by.
func (c *command) invoke(ctx context.Context, name string, args []string) (code int, err error) {
	var v verbosity
	flags := c.flags(&v)
	args, err = newArgTable(name, flags).normalise(args)
	if err != nil {
		return 0, err
	}
	if slices.Contains(args, "--help") {
		fmt.Print(helpText(name, c, flags))
		return exitOK, nil
	}
	app := &cli.App{
		Name: name, Flags: flags, HideVersion: true, HideHelp: true, DisableSliceFlagSeparator: true,
		Action:         func(ctx *cli.Context) (err error) { code, err = c.run(ctx, v.n); return err },
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return &usageError{msg: err.Error(), command: name} },
	}
	err = app.RunContext(ctx, append([]string{name}, args...))
	return code, err
}

// report prints an error for a person.
func report(err error) {
	p, head := colours(os.Stderr), "[ERROR]: "
	var older *olderError
	if errors.As(err, &older) {
		err, head = older.error, "ERROR! "
	}
	var locale *localeError
	if errors.As(err, &locale) {
		head = "ERROR: "
	}
	fmt.Fprintln(os.Stderr, p.failure(head+source.Format(err)))
	var usage *usageError
	if errors.As(err, &usage) {
		name := usage.command
		if name == "" {
			name = "drover"
		}
		fmt.Fprintf(os.Stderr, "See %s --help.\n", name)
	}
}
