package playbook

import (
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// reader turns YAML nodes into the tree. One reader serves one load: a
// playbook, or one include while it runs. It goes on after an error, so that
// all of them are told in one go.
type reader struct {
	l        *Loader
	errs     source.List
	play     *Play
	playbook string
	// importing are the files being imported, outermost first; roles the
	// roles being loaded.
	importing []string
	roles     []roleID
	// including are the folders of the roles around the task whose include
	// is being read.
	including []string
	// imported are the roles of import_role met so far in the play or include.
	imported []*Role
	// unique is set when what was read can't be used again for another place:
	// it has roles of its own, or names that depend on variables.
	unique bool
	// faults are those of the task being read, nil outside of tasks; late are
	// those of all tasks.
	faults *source.List
	late   source.List
	// tolerant is set while a task is read whose failure is provided for.
	tolerant bool
}

func (l *Loader) reader(play *Play) *reader {
	r := &reader{l: l, play: play}
	if play != nil {
		r.playbook = play.Playbook
	}
	return r
}

// includeReader is the reader of what a task includes.
func (l *Loader) includeReader(t *Task) *reader {
	r := l.reader(t.Play)
	if t.Role != nil {
		r.including = append(r.including, t.Role.Path)
		for _, parent := range t.Role.Parents {
			r.including = append(r.including, parent.Path)
		}
	}
	return r
}

// place is where steps stand: what surrounds them.
type place struct {
	parent  *Block
	role    *Role
	file    string
	handler bool
	rescued bool // a block around the steps has a rescue part
}

// in gives the place inside a block.
func (p place) in(b *Block) place {
	p.parent = b
	return p
}

// errorf records an error; the result serves to add a hint.
func (r *reader) errorf(pos source.Pos, format string, args ...any) *source.Error {
	e := source.Errorf(pos, format, args...)
	r.errs.Add(e)
	return e
}

// wide sets how much of the line the caret underlines.
func wide(e *source.Error, text string) *source.Error {
	e.Width = len([]rune(text))
	return e
}

// owner says what kind of thing has a keyword.
type owner int

const (
	ownPlay owner = 1 << iota
	ownRole
	ownBlock
	ownTask
	ownHandler
	ownImport // import_playbook

	ownSteps = ownBlock | ownTask | ownHandler
	ownAll   = ownPlay | ownRole | ownSteps | ownImport
)

func (o owner) String() string {
	switch o {
	case ownPlay:
		return "play"
	case ownRole:
		return "role"
	case ownBlock:
		return "block"
	case ownHandler:
		return "handler"
	case ownImport:
		return "import_playbook"
	}
	return "task"
}

// base reads the pairs of a mapping into the shared keywords; what is none of
// them goes to other, which reports whether it knew it.
func (r *reader) base(own owner, b *Base, n *yaml.Node, other func(name string, p yaml.Pair) bool) {
	b.Pos = n.Pos
	b.Keys = make(map[string]source.Pos, len(n.Pairs))
	for _, p := range n.Pairs {
		name := p.Name()
		b.Keys[name] = p.Key.Pos
		if other != nil && other(name, p) {
			continue
		}
		k, ok := baseKeywords[name]
		if !ok || k.on&own == 0 {
			r.unknownKeyword(own, name, p)
			continue
		}
		if !p.Value.IsNull() {
			k.read(r, name, b, p.Value)
		}
	}
}

// unknownKeyword explains a keyword that its owner does not have.
func (r *reader) unknownKeyword(own owner, name string, p yaml.Pair) {
	known := keywordNames(own)
	e := wide(r.errorf(p.Key.Pos, "'%s' is not a keyword of a %s%s", name, own, source.DidYouMean(name, known)), name)
	if hint, ok := misplaced[name]; ok && !slices.Contains(known, name) {
		e.Hint = hint
		return
	}
	if where := ownersOf(name); where != "" {
		e.Hint = "'" + name + "' is a keyword of " + where
	}
}

// misplaced are words that people try as keywords.
var misplaced = map[string]string{
	"sudo":              "write 'become: true'",
	"sudo_user":         "write 'become: true' and 'become_user'",
	"su":                "write 'become: true' and 'become_method: su'",
	"include":           "'include' is gone: write 'include_tasks', 'import_tasks' or 'import_playbook'",
	"only_if":           "write 'when'",
	"if":                "write 'when'",
	"unless":            "write 'when: not …'",
	"accelerate":        "accelerated mode is gone: remove it",
	"first_available":   "write 'with_first_found'",
	"always_run":        "write 'check_mode: false'",
	"static":            "write 'import_tasks' (static) or 'include_tasks' (dynamic)",
	"ignore_error":      "write 'ignore_errors'",
	"with":              "write 'loop' or 'with_…' with the name of a lookup",
	"become_pass":       "the password comes from --ask-become-pass or the variable ansible_become_password",
	"become_password":   "the password comes from --ask-become-pass or the variable ansible_become_password",
	"remote_pass":       "the password comes from --ask-pass or the variable ansible_password",
	"include_vars_file": "write 'vars_files' in the play, or a task with 'include_vars'",
}

// ownersOf lists the kinds of things that have a keyword: "tasks and plays".
func ownersOf(name string) string {
	var found []string
	for _, o := range []owner{ownPlay, ownRole, ownBlock, ownTask, ownHandler} {
		if slices.Contains(keywordNames(o), name) {
			found = append(found, o.String()+"s")
		}
	}
	if len(found) == 0 {
		return ""
	}
	if n := len(found); n > 1 {
		return strings.Join(found[:n-1], ", ") + " and " + found[n-1]
	}
	return found[0]
}

// keep gives a node's value after checking the templates in it.
func (r *reader) keep(n *yaml.Node) value.Value {
	r.checkTemplates(n)
	return n.Value()
}
