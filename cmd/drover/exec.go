package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/internal/dump"
	"drover/playbook"
	"drover/playbook/engine"
	"drover/playbook/event"
	"drover/playbook/value"
)

func execCommand() *command {
	return &command{
		name: "exec", ansible: "ansible", usage: "call one module on hosts (ad-hoc)",
		argsUsage: "PATTERN",
		help: "Calls one module on the hosts that match a pattern.\n\n" +
			"  drover exec all -i hosts.ini -m ping\n" +
			"  drover exec web -a 'uptime'                     the module command is the default\n" +
			"  drover exec web -b -m apt -a 'name=htop'\n" +
			"  drover exec web -a 'sleep 100' -B 120 -P 5      in the background, asked every 5 s",
		flags: adhocFlags,
		run:   runAdhoc,
	}
}

func runAdhoc(c *cli.Context, verbosity int) (code int, err error) {
	pattern, err := adhocPattern(c)
	if err != nil {
		return 0, err
	}
	o := displayOptions{printer: c.String("output"), fallback: "minimal", junit: c.String("junit")}
	if c.Bool("one-line") {
		o.printer = "oneline"
	}
	s, err := newSession(c, verbosity, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = s.end(err) }()
	if err := s.checkAdhoc(); err != nil {
		return 0, err
	}
	if s.inv, err = s.loadInventory(); err != nil {
		return 0, err
	}
	if dir := c.String("tree"); dir != "" {
		s.display.Sinks = append(s.display.Sinks, &tree{dir: dir, warn: s.display.warn})
	}
	if c.Bool("list-hosts") {
		return s.listMatching(pattern)
	}
	return s.runModule(pattern)
}

func adhocPattern(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", &usageError{msg: "give one host pattern, quoted when it has blanks", command: c.App.Name}
	}
	return c.Args().First(), nil
}

// adhocModule gives the module to call and its arguments: the flags', else the
// configuration's.
func (s *session) adhocModule() (module, args string) {
	return s.choose("module-name", s.cfg.ModuleName), strings.TrimSpace(s.choose("args", s.cfg.ModuleArgs))
}

func (s *session) checkAdhoc() error {
	module, args := s.adhocModule()
	short := strings.TrimPrefix(module, "ansible.builtin.")
	switch {
	case short == "import_playbook":
		return &optionsError{"'" + module + "' is not a valid action for ad-hoc commands"}
	case slices.Contains([]string{"command", "shell", "raw", "script"}, short) && args == "" && !s.cli.Bool("list-hosts"):
		return &optionsError{"No argument passed to the module; give them with -a 'COMMAND'"}
	}
	return nil
}

func (s *session) runModule(pattern string) (int, error) {
	ctx, done := s.interruptible(s.cli.Context)
	defer done()
	loader := s.loader()
	book, err := s.adhocPlaybook(loader, pattern)
	if err != nil {
		return 0, &adhocError{err}
	}
	pool := s.pool()
	defer pool.Close()
	cfg, err := s.engineConfig(ctx, loader, pool)
	if err != nil {
		return 0, err
	}
	s.warnEmpty()
	return s.finish(ctx, engine.New(cfg), []*playbook.Playbook{book})
}

// adhocPlaybook makes the play of one task that the command line asks for.
func (s *session) adhocPlaybook(loader *playbook.Loader, pattern string) (*playbook.Playbook, error) {
	text, err := s.adhocText(pattern)
	if err != nil {
		return nil, err
	}
	dir := s.cli.String("playbook-dir")
	if dir == "" {
		if dir, err = os.Getwd(); err != nil {
			return nil, err
		}
	}
	return loader.Text(filepath.Join(absolute(dir), "command line"), []byte(text))
}

// adhocText writes that play as YAML; JSON strings are YAML strings.
func (s *session) adhocText(pattern string) (string, error) {
	module, args := s.adhocModule()
	var b strings.Builder
	fmt.Fprintf(&b, "- name: Ad-hoc\n  hosts: %s\n  gather_facts: false\n  tasks:\n", quoteYAML(pattern))
	switch {
	case strings.HasPrefix(args, "{") && !strings.HasPrefix(args, "{{"):
		fmt.Fprintf(&b, "    - %s: %s\n", quoteYAML(module), args)
	case args == "":
		fmt.Fprintf(&b, "    - %s:\n", quoteYAML(module))
	default:
		fmt.Fprintf(&b, "    - %s: %s\n", quoteYAML(module), quoteYAML(args))
	}
	if s.cli.IsSet("background") {
		poll := 15
		if s.cli.IsSet("poll") {
			poll = s.cli.Int("poll")
		}
		fmt.Fprintf(&b, "      async: %d\n      poll: %d\n", s.cli.Int("background"), poll)
	}
	if s.cli.IsSet("task-timeout") {
		fmt.Fprintf(&b, "      timeout: %d\n", s.cli.Int("task-timeout"))
	}
	return b.String(), nil
}

func quoteYAML(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(b)
}

// tree writes each host's result to a file of its name.
type tree struct {
	dir  string
	warn func(string)
}

// Event implements event.Sink.
func (t *tree) Event(e event.Event) {
	r, ok := e.(event.Result)
	if !ok || r.Task.NoLog {
		return
	}
	err := os.MkdirAll(t.dir, 0o755)
	if err == nil {
		text := dump.JSON(publicKeys(r.Result), dump.Style{Sort: true})
		err = os.WriteFile(filepath.Join(t.dir, filepath.Base(r.Host)), []byte(text), 0o644)
	}
	if err != nil {
		t.warn("--tree: " + err.Error())
	}
}

// publicKeys gives a result without the engine's own keys.
func publicKeys(r *value.Dict) *value.Dict {
	out := value.NewDict(r.Len())
	for _, e := range r.Entries() {
		if !strings.HasPrefix(value.String(e.Key), "_ansible_") {
			out.Set(e.Key, e.Val)
		}
	}
	return out
}
