package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpColumn is where the explanations of flags start.
const helpColumn = 38

// helpText writes the help of a command: what it does, examples, its flags by
// group.
func helpText(name string, c *command, flags []cli.Flag) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage: %s [options] %s\n", name, c.usage, name, c.argsUsage)
	if c.help != "" {
		b.WriteString("\n" + c.help + "\n")
	}
	for _, group := range []string{groupHosts, groupTasks, groupVars, groupConnect, groupBecome, groupOutput} {
		lines := groupHelp(group, flags)
		if len(lines) > 0 {
			b.WriteString("\n" + group + ":\n" + strings.Join(lines, "\n") + "\n")
		}
	}
	return b.String()
}

func groupHelp(group string, flags []cli.Flag) []string {
	var lines []string
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || f.(cli.CategorizableFlag).GetCategory() != group {
			continue
		}
		value, usage := placeholder(d)
		head := "  " + flagHead(f.Names()) + value
		if len(head) >= helpColumn-1 {
			lines = append(lines, head)
			head = ""
		}
		lines = append(lines, fmt.Sprintf("%-*s%s", helpColumn, head, usage))
	}
	return lines
}

// flagHead names a flag: its letter, then its long names.
func flagHead(names []string) string {
	short, long := "    ", []string{}
	for _, n := range names {
		if len(n) == 1 {
			short = "-" + n + ", "
		} else {
			long = append(long, "--"+n)
		}
	}
	return short + strings.Join(slices.Compact(long), ", ")
}

// placeholder takes the `word` that stands for a flag's value out of its usage.
func placeholder(f cli.DocGenerationFlag) (value, usage string) {
	usage = f.GetUsage()
	if !f.TakesValue() {
		return "", usage
	}
	before, rest, ok := strings.Cut(usage, "`")
	word, after, closed := strings.Cut(rest, "`")
	if !ok || !closed {
		return " VALUE", usage
	}
	return " " + strings.ToUpper(word), before + word + after
}
