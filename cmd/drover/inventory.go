package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"drover/internal/dump"
	"drover/inventory"
	"drover/playbook/filters/pyyaml"
	"drover/playbook/value"
)

func inventoryCommand() *command {
	return &command{
		name: "inventory", ansible: "ansible-inventory", usage: "show hosts, groups and their variables",
		argsUsage: "[GROUP]",
		help: "Shows what the inventory holds.\n\n" +
			"  drover inventory -i hosts.ini --list            as JSON, --yaml as a YAML inventory\n" +
			"  drover inventory -i hosts.ini --graph --vars    as a tree\n" +
			"  drover inventory -i hosts.ini --host web1       one host's variables",
		flags: func(v *verbosity) []cli.Flag {
			return append(inventoryFlags(), v.flag(),
				toggle(groupOutput, "the whole inventory", "list"),
				str(groupOutput, "the variables of one `host`", "host"),
				toggle(groupOutput, "the tree of groups and hosts", "graph"),
				toggle(groupOutput, "write YAML", "yaml", "y"),
				toggle(groupOutput, "write TOML", "toml"),
				toggle(groupOutput, "with --graph: show the variables", "vars"),
				toggle(groupOutput, "keep variables with the groups that set them", "export"),
				str(groupOutput, "write to `file`", "output"))
		},
		run: showInventory,
	}
}

func showInventory(c *cli.Context, verbosity int) (int, error) {
	if err := checkInventoryFlags(c); err != nil {
		return 0, err
	}
	s, err := newSession(c, verbosity, displayOptions{printer: "default"})
	if err != nil {
		return 0, err
	}
	defer s.display.close(nil)
	s.seals = &seals{inner: s.vault(), texts: map[string]string{}}
	if s.inv, err = s.loadInventory(); err != nil {
		return 0, err
	}
	text, err := s.inventoryText()
	if err != nil {
		return 0, err
	}
	if path := c.String("output"); path != "" {
		return exitOK, os.WriteFile(path, []byte(text+"\n"), 0o644)
	}
	fmt.Println(text)
	return exitOK, nil
}

func checkInventoryFlags(c *cli.Context) error {
	n := 0
	for _, f := range []string{"list", "host", "graph"} {
		if c.IsSet(f) {
			n++
		}
	}
	switch {
	case n == 0:
		return &optionsError{"No action selected, at least one of --host, --graph or --list needs to be specified."}
	case n > 1:
		return &optionsError{"Conflicting options used, only one of --host, --graph or --list can be used at the same time."}
	case c.Bool("toml"):
		return errors.New("drover does not write TOML; --yaml and JSON are there")
	}
	return nil
}

func (s *session) inventoryText() (string, error) {
	view := &inventory.View{
		Inventory: s.inv, PlaybookDir: s.cli.String("playbook-dir"), Export: s.cli.Bool("export") || s.cfg.InventoryExport, ExtraVars: s.extra,
		NoProfile: s.cfg.Compat == "2.18",
		Read:      func(path string) (*value.Dict, error) { return inventory.ReadVarsFile(path, s.decrypter()) },
	}
	if view.PlaybookDir == "" {
		view.PlaybookDir, _ = os.Getwd()
	}
	var err error
	if view.Limit, err = s.limit(); err != nil {
		return "", err
	}
	switch {
	case s.cli.Bool("graph"):
		group := "all"
		if s.cli.NArg() > 0 {
			group = s.cli.Args().First()
		}
		return view.Graph(group, s.cli.Bool("vars"))
	case s.cli.IsSet("host"):
		vars, err := view.Host(s.cli.String("host"))
		if err != nil {
			return "", err
		}
		return s.inventoryDump(vars, false)
	case s.cli.Bool("yaml"):
		nested, err := view.Nested()
		if err != nil {
			return "", err
		}
		return s.inventoryDump(nested, false)
	}
	tree, err := view.Tree()
	if err != nil {
		return "", err
	}
	return s.inventoryDump(tree, true)
}

// inventoryDump prints what a view gives; whole is that of --list, in which
// Ansible marks what is no template.
func (s *session) inventoryDump(d *value.Dict, whole bool) (string, error) {
	form := inventory.Form{Sealed: s.seals.of, YAML: s.cli.Bool("yaml"), Unsafe: whole}
	written := dump.Mask(form.Write(d)).(*value.Dict)
	if form.YAML {
		text, err := pyyaml.Dump(written, pyyaml.Options{Flow: pyyaml.FlowNever})
		return trimNewline(text), err
	}
	return inventory.JSON(written)
}

func trimNewline(s string) string {
	for len(s) > 0 && s[len(s)-1] == '\n' {
		s = s[:len(s)-1]
	}
	return s
}
