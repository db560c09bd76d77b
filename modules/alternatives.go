package modules

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type alternativesArgs struct {
	Name     string        `arg:"name" required:"true" doc:"Generic name of the link, such as editor."`
	Path     string        `arg:"path" type:"path" doc:"Program that the link shall lead to."`
	Family   string        `arg:"family" doc:"Family of alternatives, on Red Hat's systems."`
	Link     string        `arg:"link" type:"path" doc:"The link itself; needed where the name is new."`
	Priority *int          `arg:"priority" doc:"Priority of the alternative; 50 for a new one."`
	State    string        `arg:"state" default:"selected" choices:"absent,auto,present,selected" doc:"present makes the alternative be there, selected also chooses it, auto leaves the choice to the priorities."`
	Commands *[]altCommand `arg:"subcommands" alias:"slaves" doc:"Links that follow this one."`
}

// altCommand is a link that follows an alternative.
type altCommand struct {
	Name string `arg:"name" required:"true" doc:"Generic name of the link."`
	Path string `arg:"path" type:"path" required:"true" doc:"What it leads to."`
	Link string `arg:"link" type:"path" required:"true" doc:"The link itself."`
}

// alternativesModule chooses among programs of the same purpose.
func alternativesModule() Module {
	return Define(Spec{
		Name:    "community.general.alternatives",
		Summary: "Choose among programs of the same purpose",
		Doc:     "Makes an alternative be known to update-alternatives, be chosen, or not be there.",
		Check:   CheckFull, Diff: true,
		Examples:      "- name: vim is the editor\n  community.general.alternatives:\n    name: editor\n    path: /usr/bin/vim.basic\n",
		Returns:       []Return{{"msg", "str", "always", "What was done, empty for nothing."}},
		RequiredOneOf: [][]string{{"path", "family"}},
	}, runAlternatives)
}

// alternatives is what update-alternatives shows of one name.
type alternatives struct {
	mode, path, link string
	known            map[string]alternative
}

// alternative is one of the programs.
type alternative struct {
	family   string
	priority int
	commands []altCommand
}

// alternativeChange is the work on one name.
type alternativeChange struct {
	*alternativesArgs
	h     target.Host
	c     *Call
	now   alternatives
	res   *Result
	after *value.Dict
	msgs  []string
}

func runAlternatives(ctx context.Context, h target.Host, c *Call, a *alternativesArgs) (*Result, error) {
	if _, err := requireTool(h, "update-alternatives"); err != nil {
		return nil, err
	}
	out, err := runTool(ctx, h, "update-alternatives", "--display", a.Name)
	if err != nil {
		return nil, err
	}
	w := &alternativeChange{alternativesArgs: a, h: h, c: c, res: new(Result), after: new(value.Dict)}
	if out.RC == 0 {
		w.now = parseAlternatives(out.Stdout)
	}
	if a.State == "absent" {
		err = w.remove(ctx)
	} else {
		err = w.ensure(ctx)
	}
	if err != nil {
		return nil, err
	}
	if c.Diff {
		w.res.Diff = []Diff{{BeforeState: w.before(), AfterState: w.after}}
	}
	return w.res.Set("msg", strings.Join(w.msgs, " ")), nil
}

// parseAlternatives reads what update-alternatives --display writes: what is
// said of the name comes first, and each program starts a line of its own.
func parseAlternatives(text string) alternatives {
	a := alternatives{known: map[string]alternative{}}
	links, program := map[string]string{}, ""
	for _, line := range splitLines(text) {
		said := strings.TrimSpace(line)
		if said == line && said != "" {
			program = a.heading(said)
			continue
		}
		if command, ok := cutWord(said, "slave", "follower"); ok {
			if program == "" {
				name, link, _ := strings.Cut(command, " is ")
				links[name] = link
			} else if name, path, ok := strings.Cut(command, ": "); ok && path != "(null)" {
				p := a.known[program]
				p.commands = append(p.commands, altCommand{name, path, links[name]})
				a.known[program] = p
			}
		} else if path, ok := strings.CutPrefix(said, "link currently points to "); ok {
			a.path = path
		} else if about, ok := strings.CutPrefix(said, "link "); ok {
			if name, link, ok := strings.Cut(about, " is "); ok && !strings.Contains(name, " ") {
				a.link = link
			}
		}
	}
	return a
}

// heading takes a line that is not indented: a program with what it counts,
// whose path it gives, or the mode of the name.
func (a *alternatives) heading(line string) (program string) {
	i := strings.LastIndex(line, " - ")
	if i < 0 {
		return ""
	}
	about := line[i+len(" - "):]
	if !strings.HasPrefix(line, "/") {
		about = strings.TrimPrefix(about, "status is ")
		a.mode = strings.TrimSuffix(strings.TrimSuffix(about, "."), " mode")
		return ""
	}
	var p alternative
	words := strings.Fields(about)
	for n := 0; n+1 < len(words); n += 2 {
		switch words[n] {
		case "family":
			p.family = words[n+1]
		case "priority":
			p.priority, _ = strconv.Atoi(words[n+1])
		}
	}
	a.known[line[:i]] = p
	return line[:i]
}

// cutWord cuts one of the words off the beginning.
func cutWord(text string, words ...string) (rest string, ok bool) {
	for _, w := range words {
		if rest, ok := strings.CutPrefix(text, w+" "); ok {
			return rest, true
		}
	}
	return text, false
}

// ensure makes the alternative be there, and the choice be as asked for.
func (w *alternativeChange) ensure(ctx context.Context) error {
	if w.Path != "" && !w.installed() {
		if err := w.install(ctx); err != nil {
			return err
		}
	}
	chosen, known := w.now.known[w.now.path]
	fits := w.Path != "" && w.now.path == w.Path || known && w.Family != "" && chosen.family == w.Family
	switch {
	case w.State == "selected" && !fits:
		what := orText(w.Path, w.Family)
		w.after.Put("state", value.Str("selected"))
		return w.change(ctx, "Set alternative '"+what+"' for '"+w.Name+"'.", "--set", w.Name, what)
	case w.State == "auto" && w.now.mode == "manual":
		w.after.Put("state", value.Str("present"))
		return w.change(ctx, "Set alternative to auto for '"+w.Name+"'.", "--auto", w.Name)
	}
	return nil
}

// installed reports whether the alternative is there with the priority and the
// subcommands that were given.
func (w *alternativeChange) installed() bool {
	now, known := w.now.known[w.Path]
	if !known || w.Priority != nil && *w.Priority != now.priority {
		return false
	}
	return w.Commands == nil || sameCommands(*w.Commands, now.commands)
}

func sameCommands(a, b []altCommand) bool {
	in := func(all []altCommand) func(altCommand) bool {
		return func(c altCommand) bool { return !slices.Contains(all, c) }
	}
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

func (w *alternativeChange) install(ctx context.Context) error {
	link := orText(w.Link, w.now.link)
	switch _, err := w.h.Stat(w.Path); {
	case err != nil && !w.c.Check:
		return Failf("Specified path %s does not exist", w.Path)
	case link == "":
		return Failf("Needed to install the alternative, but unable to do so as we are missing the link")
	}
	priority := 50
	if now, known := w.now.known[w.Path]; known {
		priority = now.priority
	}
	if w.Priority != nil {
		priority = *w.Priority
	}
	args := []string{"--install", link, w.Name, w.Path, strconv.Itoa(priority)}
	if w.Family != "" {
		args = append(args, "--family", w.Family)
	}
	// What is not named again would be forgotten.
	commands := w.now.known[w.Path].commands
	if w.Commands != nil {
		commands = *w.Commands
	}
	for _, c := range commands {
		args = append(args, "--slave", c.Link, c.Name, c.Path)
	}
	w.after.Update(alternativeState(w.Path, link, w.Family, priority, commands))
	w.after.Put("family", orNone(w.Family))
	return w.change(ctx, "Install alternative '"+w.Path+"' for '"+w.Name+"'.", args...)
}

func (w *alternativeChange) remove(ctx context.Context) error {
	if _, known := w.now.known[w.Path]; !known {
		return nil
	}
	w.after.Put("state", value.Str("absent"))
	return w.change(ctx, "Remove alternative '"+w.Path+"' from '"+w.Name+"'.", "--remove", w.Name, w.Path)
}

// change notes a change and, outside check mode, makes it.
func (w *alternativeChange) change(ctx context.Context, msg string, args ...string) error {
	w.res.Changed = true
	w.msgs = append(w.msgs, msg)
	if w.c.Check {
		return nil
	}
	_, err := mustRun(ctx, w.h, append([]string{"update-alternatives"}, args...)...)
	return err
}

// before is the diff's view of the alternative as it was.
func (w *alternativeChange) before() *value.Dict {
	now, known := w.now.known[w.Path]
	if !known {
		return value.DictOf("state", "absent")
	}
	d := alternativeState(w.Path, w.now.link, now.family, now.priority, now.commands)
	if w.now.mode == "manual" && w.now.path == w.Path {
		d.Put("state", value.Str("selected"))
	}
	return d
}

func alternativeState(path, link, family string, priority int, commands []altCommand) *value.Dict {
	d := value.DictOf("state", "present", "path", path, "priority", priority, "link", link)
	if family != "" {
		d.Put("family", value.Str(family))
	}
	if len(commands) > 0 {
		l := value.NewList()
		for _, c := range commands {
			l.Append(value.DictOf("name", c.Name, "path", c.Path, "link", c.Link))
		}
		d.Put("subcommands", l)
	}
	return d
}
