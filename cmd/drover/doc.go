package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/internal/dump"
	"drover/modules"
	"drover/playbook/action"
	"drover/playbook/source"
	"drover/playbook/value"
)

func docCommand() *command {
	return &command{
		name: "doc", ansible: "ansible-doc", usage: "document modules",
		argsUsage: "[MODULE...]",
		help: "Documents modules: what they do, their arguments, what they return.\n\n" +
			"  drover doc           all modules, one line each\n" +
			"  drover doc copy      one of them\n" +
			"  drover doc -s copy   as a task to fill in",
		flags: func(v *verbosity) []cli.Flag {
			return []cli.Flag{
				toggle(groupOutput, "list the modules", "list", "l"),
				toggle(groupOutput, "show a task to fill in", "snippet", "s"),
				str(groupTasks, "`kind` of plugin; drover documents modules", "type", "t"),
				v.flag(),
			}
		},
		run: showDoc,
	}
}

func showDoc(c *cli.Context, _ int) (int, error) {
	if kind := c.String("type"); kind != "" && kind != "module" {
		return 0, &optionsError{"drover documents modules only, not --type " + kind}
	}
	if c.NArg() == 0 || c.Bool("list") {
		for _, spec := range action.Catalog() {
			fmt.Printf("%-38s %s\n", spec.Name, spec.Summary)
		}
		return exitOK, nil
	}
	for _, name := range c.Args().Slice() {
		spec, ok := action.Spec(name)
		if !ok {
			return 0, fmt.Errorf("there is no module %q%s; drover doc lists them", name, source.DidYouMean(name, allModuleNames()))
		}
		if c.Bool("snippet") {
			fmt.Print(snippet(spec))
			continue
		}
		fmt.Print(document(spec))
	}
	return exitOK, nil
}

// allModuleNames gives the modules' names, long and short.
func allModuleNames() []string {
	names := moduleNames()
	for _, n := range names {
		names = append(names, n[strings.LastIndexByte(n, '.')+1:])
	}
	return names
}

// document gives a module's documentation as text.
func document(s *modules.Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "> %s\n\n", s.Name)
	writeWrapped(&b, s.Summary+".", "  ")
	if s.Doc != "" {
		b.WriteByte('\n')
		writeWrapped(&b, s.Doc, "  ")
	}
	fmt.Fprintf(&b, "\n  Check mode: %s. Diff mode: %s.\n", checkText(s.Check), yesNo(s.Diff))
	if len(s.Args) > 0 {
		b.WriteString("\nARGUMENTS (= is required)\n")
		writeArgs(&b, s.Args, "")
	}
	if s.Examples != "" {
		b.WriteString("\nEXAMPLES\n\n" + indent(strings.Trim(s.Examples, "\n"), "  ") + "\n")
	}
	if len(s.Returns) > 0 {
		b.WriteString("\nRETURNS\n")
		for _, r := range s.Returns {
			fmt.Fprintf(&b, "\n- %s (%s)%s\n", r.Name, r.Type, when(r.When))
			writeWrapped(&b, r.Doc, "      ")
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func writeArgs(b *strings.Builder, args []modules.Arg, pad string) {
	for _, a := range args {
		mark := "-"
		if a.Required {
			mark = "="
		}
		fmt.Fprintf(b, "\n%s%s %s (%s)\n", pad, mark, a.Name, argType(a))
		writeWrapped(b, a.Doc, pad+"      ")
		if len(a.Aliases) > 0 {
			fmt.Fprintf(b, "%s      aliases: %s\n", pad, strings.Join(a.Aliases, ", "))
		}
		if len(a.Choices) > 0 {
			fmt.Fprintf(b, "%s      choices: %s\n", pad, strings.Join(a.Choices, ", "))
		}
		if a.Default != nil && a.Default != value.None {
			fmt.Fprintf(b, "%s      default: %s\n", pad, dump.JSON(a.Default, dump.Style{}))
		}
		writeArgs(b, a.Options, pad+"    ")
	}
}

func argType(a modules.Arg) string {
	if a.Elements != "" {
		return a.Type + " of " + a.Elements
	}
	return a.Type
}

func checkText(m modules.CheckMode) string {
	switch m {
	case modules.CheckFull:
		return "full"
	case modules.CheckPart:
		return "partial"
	}
	return "none, the task is skipped"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func when(text string) string {
	if text == "" {
		return ""
	}
	return ", " + text
}

// snippet gives a task with every argument, to be filled in.
func snippet(s *modules.Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- name: %s\n  %s:\n", s.Summary, s.Name)
	for _, a := range s.Args {
		note := a.Doc
		if a.Required {
			note = "(required) " + note
		}
		first, _, _ := strings.Cut(note, "\n")
		fmt.Fprintf(&b, "      %-20s # %s\n", a.Name+":", first)
	}
	return b.String()
}

func indent(text, pad string) string {
	return pad + strings.ReplaceAll(text, "\n", "\n"+pad)
}

// writeWrapped writes paragraphs in lines of up to 80 columns.
func writeWrapped(b *strings.Builder, text, pad string) {
	for i, para := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		line := pad
		for _, word := range strings.Fields(para) {
			if len(line)+1+len(word) > 80 && line != pad {
				b.WriteString(line + "\n")
				line = pad
			}
			if line != pad {
				line += " "
			}
			line += word
		}
		if line != pad {
			b.WriteString(line + "\n")
		}
	}
}
