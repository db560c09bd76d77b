package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand() *command {
	return &command{
		name: "completion", usage: "print a completion script for bash, zsh or fish",
		argsUsage: "bash|zsh|fish",
		help: "Prints a script that completes drover's commands and flags.\n\n" +
			"  source <(drover completion bash)\n" +
			"  drover completion fish > ~/.config/fish/completions/drover.fish",
		flags: func(*verbosity) []cli.Flag { return nil },
		run:   printCompletion,
	}
}

func printCompletion(c *cli.Context, _ int) (int, error) {
	switch shell := c.Args().First(); shell {
	case "bash":
		fmt.Print(bashCompletion())
	case "zsh":
		fmt.Print("autoload -U +X bashcompinit && bashcompinit\n" + bashCompletion())
	case "fish":
		fmt.Print(fishCompletion())
	default:
		return 0, &usageError{msg: fmt.Sprintf("no completion for shell %q; there are bash, zsh and fish", shell), command: "drover completion"}
	}
	return exitOK, nil
}

// flagNames gives the long flags of a command.
func flagNames(c *command) []string {
	var names []string
	for _, f := range c.flags(&verbosity{}) {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, "--"+n)
			}
		}
	}
	return append(names, "--help")
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func bashCompletion() string {
	var cases strings.Builder
	for _, c := range commands() {
		names := c.name
		if c.ansible != "" {
			names += "|" + c.ansible
		}
		fmt.Fprintf(&cases, "    %s) words=%q ;;\n", names, strings.Join(flagNames(c), " "))
	}
	return `_drover() {
  local cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[0]##*/} words=
  COMPREPLY=()
  if [ "$cmd" = drover ]; then
    if [ "$COMP_CWORD" -eq 1 ]; then
      COMPREPLY=($(compgen -W "` + strings.Join(commandNames(), " ") + ` help --help --version" -- "$cur"))
      return
    fi
    cmd=${COMP_WORDS[1]}
  fi
  case $cmd in
` + cases.String() + `  esac
  case $cur in
    -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -o filenames -F _drover drover ansible ansible-playbook ansible-inventory ansible-doc
`
}

func fishCompletion() string {
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "complete -c drover -n __fish_use_subcommand -a %s -d %q\n", c.name, c.usage)
		for _, f := range flagNames(c) {
			fmt.Fprintf(&b, "complete -c drover -n '__fish_seen_subcommand_from %s' -l %s\n", c.name, strings.TrimPrefix(f, "--"))
		}
	}
	return b.String()
}
