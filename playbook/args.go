package playbook

import (
	"slices"
	"strings"

	"drover/modules"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// rawParams is the argument that takes free text where the module's own name
// for it is not known.
const rawParams = "_raw_params"

// shellLike are the modules whose text is a command: only a few words of it
// may be options.
var shellLike = []string{"ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.script", "ansible.builtin.raw",
	"ansible.windows.win_command", "ansible.windows.win_shell"}

// commandOptions are the words "key=value" that commands take as options.
var commandOptions = []string{"creates", "removes", "chdir", "executable", "warn", "stdin", "stdin_add_newline", "strip_empty_ends"}

// readArgs puts the arguments of a call, from all the forms they may be
// written in, into the task.
func (r *reader) readArgs(t *Task, n *yaml.Node, c *call) {
	t.Action, t.Module, t.Own = c.action, c.module, c.own
	if t.Action == "action" || t.Action == "local_action" {
		t.Action = t.Module
	}
	t.Args, t.ArgPos = value.NewDict(len(c.pairs)), map[string]source.Pos{}
	spec := r.spec(t)
	r.argsKeyword(t, n.Get("args"))
	if c.text != "" {
		r.textArgs(t, spec, c)
	}
	r.pairArgs(t, c.pairs)
	r.renameFreeForm(t, spec, c)
	for _, from := range []*yaml.Node{{Pairs: c.pairs}, n.Get("args")} {
		if apply := from.Get("apply"); apply != nil {
			c.apply = apply
		}
	}
}

// argsKeyword takes args:, a mapping of further arguments or a template of one.
func (r *reader) argsKeyword(t *Task, n *yaml.Node) {
	switch {
	case n.IsNull():
	case n.IsTemplate():
		t.ArgsTemplate = r.keep(n)
	case n.Kind == yaml.Mapping:
		r.pairArgs(t, n.Pairs)
	default:
		e := r.faultf(n.Pos, "'args' must be a mapping of arguments or a template of one, not %s", n.What())
		e.Err = ErrSyntax
		if s, ok := n.Text(); ok && badVariableName(s) == "" {
			e.Hint = "a variable needs braces: args: \"{{ " + s + " }}\""
		}
	}
}

func (r *reader) pairArgs(t *Task, pairs []yaml.Pair) {
	for _, p := range pairs {
		r.checkTemplates(p.Value)
		r.setArg(t, p.Name(), p.Value.Value(), p.Key.Pos)
	}
}

// setArg puts an argument; names that Ansible keeps to itself are refused.
func (r *reader) setArg(t *Task, name string, v value.Value, pos source.Pos) {
	if strings.HasPrefix(name, "_ansible_") && !slices.Contains(shellLike, t.Module) {
		general(wide(r.faultf(pos, "Invalid parameter specified beginning with keyword '_ansible_' for action '%s': '%s'. "+
			"The prefix '_ansible_' is reserved for internal use only.", t.Module, name), name)).Hint = "give it another name"
		return
	}
	t.Args.Put(name, v)
	t.ArgPos[name] = pos
}

// textArgs reads arguments written as text: words "key=value", and for modules
// that take it free text.
func (r *reader) textArgs(t *Task, spec *modules.Spec, c *call) {
	words, err := splitWords(c.text)
	if err != nil {
		r.faultf(c.at, "the arguments of '%s' can't be split into words: %s", c.action, err).
			WithHint("close it, or write the arguments as a mapping below the module's name")
		return
	}
	command := slices.Contains(shellLike, t.Module)
	free := freeText{text: c.text, words: words}
	for i, w := range words {
		key, val, ok := keyValue(unescape(w.text))
		switch {
		case ok && (!command || slices.Contains(commandOptions, key)):
			key = strings.TrimSpace(key)
			pos := advance(c.at, c.text[:w.at])
			r.setArg(t, key, r.textValue(unquote(strings.TrimSpace(val)), w.text, pos), pos)
		case w.text == `\` && free.endsLine(i):
			free.continueLine(i)
		default:
			free.add(i)
		}
	}
	if free.out == "" {
		return
	}
	pos := advance(c.at, c.text[:free.first])
	switch {
	case spec != nil && spec.FreeForm == "" && yaml.HasMarkup(free.out) && t.Args.Len() == 0 && t.ArgsTemplate == nil:
		t.ArgsTemplate = r.textValue(free.out, "", pos)
	case spec != nil && spec.FreeForm == "" && !c.tolerant:
		r.noFreeText(spec, c, free.out, pos)
	default:
		r.setArg(t, rawParams, r.textValue(free.out, "", pos), pos)
	}
}

// textValue gives a piece of trusted text as a value. word is the word that it
// is the value of.
func (r *reader) textValue(s, word string, pos source.Pos) value.Value {
	if i := strings.IndexByte(word, '='); i >= 0 {
		pos.Col += i + 1
		if rest := word[i+1:]; rest != s && len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
			pos.Col++
		}
	}
	v := yaml.Text(s, pos)
	r.checkTemplate(v)
	return v
}

func (r *reader) noFreeText(spec *modules.Spec, c *call, text string, pos source.Pos) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	e := wide(r.faultf(pos, "'%s' takes no free text, only arguments with names", c.action), first)
	name := "name"
	for _, a := range spec.Args {
		if a.Required {
			name = a.Name
			break
		}
	}
	if strings.Contains(c.text, "=") {
		e.Hint = "quote a value that has spaces in it, or write the arguments as a mapping"
	} else {
		e.Hint = "write it as a mapping, for example:\n" + c.action + ":\n  " + name + ": " + first
	}
}

// renameFreeForm puts free text under the module's own name for it.
func (r *reader) renameFreeForm(t *Task, spec *modules.Spec, c *call) {
	if spec == nil || spec.FreeForm == "" || spec.FreeForm == rawParams {
		return
	}
	text, ok := t.Args.Lookup(rawParams)
	if !ok {
		return
	}
	pos := t.ArgPos[rawParams]
	if _, both := t.Args.Lookup(spec.FreeForm); both {
		r.errorf(pos, "'%s' has both free text and the argument '%s'", c.action, spec.FreeForm).
			WithHint("put everything in one place")
		return
	}
	t.Args.Delete(value.Str(rawParams))
	delete(t.ArgPos, rawParams)
	r.setArg(t, spec.FreeForm, text, pos)
}

// freeText puts together the words of a text that are no options, with the
// white space between them as it was written.
type freeText struct {
	text  string
	words []word
	out   string
	first int // offset of the first word
}

// segment gives word i with the white space behind it.
func (f *freeText) segment(i int) string {
	if i+1 < len(f.words) {
		return f.text[f.words[i].at:f.words[i+1].at]
	}
	return f.text[f.words[i].at:]
}

func (f *freeText) add(i int) {
	if f.out == "" {
		f.first = f.words[i].at
	} else if !strings.HasSuffix(f.out, "\n") {
		f.out += " "
	}
	f.out += strings.TrimSuffix(f.segment(i), " ")
}

// endsLine reports whether word i is the last of its line.
func (f *freeText) endsLine(i int) bool {
	return strings.HasPrefix(f.segment(i)[len(f.words[i].text):], "\n")
}

// continueLine drops word i, a backslash at the end of a line, and the line's
// end.
func (f *freeText) continueLine(i int) {
	_, behind, _ := strings.Cut(f.segment(i), "\n")
	f.out += strings.TrimSuffix(behind, " ")
}
