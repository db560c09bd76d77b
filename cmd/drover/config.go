package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/internal/config"
	"drover/playbook/value"
)

func configCommand() *command {
	return &command{
		name: "config", ansible: "ansible-config", usage: "show the settings in force",
		argsUsage: "dump|list|view",
		help: "Shows the configuration.\n\n" +
			"  drover config dump --only-changed   every setting and where it comes from\n" +
			"  drover config list                  where each setting can be set\n" +
			"  drover config view                  the configuration file itself",
		flags: func(v *verbosity) []cli.Flag {
			return []cli.Flag{
				v.flag(),
				str(groupOutput, "read this configuration `file`", "config", "c"),
				toggle(groupOutput, "dump: only settings that are not the default", "only-changed", "changed-only"),
			}
		},
		run: showConfig,
	}
}

func showConfig(c *cli.Context, _ int) (int, error) {
	env := config.Process()
	if path := c.String("config"); path != "" {
		getenv := env.Getenv
		env.Getenv = func(name string) string {
			if name == "ANSIBLE_CONFIG" {
				return absolute(path)
			}
			return getenv(name)
		}
	}
	cfg, err := config.Load(env)
	if err != nil {
		return 0, err
	}
	switch c.Args().First() {
	case "dump":
		dumpConfig(cfg, c.Bool("only-changed"))
	case "list":
		listConfig(cfg)
	case "view":
		return viewConfig(cfg)
	default:
		return 0, &usageError{msg: "say what to show: dump, list or view", command: c.App.Name}
	}
	return exitOK, nil
}

func dumpConfig(cfg *config.Config, onlyChanged bool) {
	if cfg.Path != "" {
		fmt.Printf("CONFIG_FILE() = %s\n", cfg.Path)
	}
	for _, s := range cfg.Settings() {
		changed := s.Origin != config.Origin{}
		if changed || !onlyChanged {
			fmt.Printf("%s(%s) = %s\n", s.Name, s.Origin, settingText(s.Value))
		}
	}
}

func settingText(v any) string {
	if list, ok := v.([]string); ok {
		return value.Repr(value.Strings(list...))
	}
	return value.String(value.FromGo(v))
}

func listConfig(cfg *config.Config) {
	for _, s := range cfg.Settings() {
		fmt.Printf("%s:\n  env: [%s]\n  ini: [%s]\n", s.Name, strings.Join(s.Env, ", "), strings.Join(s.Keys, ", "))
	}
}

func viewConfig(cfg *config.Config) (int, error) {
	if cfg.Path == "" {
		return 0, &optionsError{"there is no configuration file; ansible.cfg is looked for in $ANSIBLE_CONFIG, here, in the home directory and in /etc/ansible"}
	}
	data, err := os.ReadFile(cfg.Path)
	if err != nil {
		return 0, err
	}
	_, err = os.Stdout.Write(data)
	return exitOK, err
}
