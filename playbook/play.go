package playbook

import (
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// Playbook reads, checks and resolves one playbook: a path, or the name of a
// playbook in a collection ("ns.coll.name"). The error is a source.List when
// there are several.
func (l *Loader) Playbook(path string) (*Playbook, error) {
	full := absolute(path)
	if !exists(full) {
		if in := l.collectionPlaybook(path, filepath.Dir(full)); in != "" {
			full = in
		} else {
			return nil, source.Errorf(source.Pos{File: path}, "there is no such playbook").
				WithHint("looked for:\n%s", full)
		}
	}
	r := l.reader(nil)
	p := &Playbook{Path: full, Plays: r.plays(full, source.Pos{File: full})}
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Text reads a playbook that is in memory, as an ad-hoc command is. Errors name
// it by path, and path's folder is the playbook's.
func (l *Loader) Text(path string, data []byte) (*Playbook, error) {
	node, err := yaml.Document(data, path, yaml.Options{Vault: l.decrypter(), Timestamp: l.Timestamp, Warn: l.Warn})
	if err != nil {
		return nil, err
	}
	r := l.reader(nil)
	p := &Playbook{Path: path, Plays: r.entries(node, path)}
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// collectionPlaybook finds "ns.coll.name" in the collections.
func (l *Loader) collectionPlaybook(name, dir string) string {
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(name, ".yml"), ".yaml"), ".")
	if len(parts) < 3 || strings.ContainsAny(name, `/\`) {
		return ""
	}
	file := filepath.Join(append([]string{parts[0], parts[1], "playbooks"}, parts[2:]...)...)
	for _, root := range l.collectionRoots(dir) {
		for _, ext := range []string{".yml", ".yaml", ""} {
			if path := filepath.Join(root, file+ext); exists(path) && !isDir(path) {
				return path
			}
		}
	}
	return ""
}

// plays reads a file of plays, with the playbooks it imports in their place.
func (r *reader) plays(path string, from source.Pos) []*Play {
	if slices.Contains(r.importing, path) {
		r.errorf(from, "this playbook imports itself").WithHint("it goes:\n%s", strings.Join(append(r.importing, path), "\n"))
		return nil
	}
	f := r.l.parse(path)
	if f.err != nil {
		r.failsAt(from, f.err)
		return nil
	}
	r.importing = append(r.importing, path)
	defer func() { r.importing = r.importing[:len(r.importing)-1] }()
	return r.entries(f.node, path)
}

// entries reads the elements of a playbook.
func (r *reader) entries(list *yaml.Node, path string) []*Play {
	switch {
	case list.IsNull():
		r.errorf(source.Pos{File: path}, "A playbook must contain at least one play, but this file is empty").WithHint("a playbook is a list of plays, each with 'hosts' and 'tasks'")
		return nil
	case list.Kind != yaml.List:
		e := r.errorf(list.Pos, "A playbook must be a list of plays, not %s", list.What())
		if list.Get("hosts") != nil {
			e.Hint = "start the play with '- '"
		}
		return nil
	}
	if len(list.Items) == 0 {
		r.errorf(list.Pos, "A playbook must contain at least one play").WithHint("a playbook is a list of plays, each with 'hosts' and 'tasks'")
	}
	var plays []*Play
	for _, n := range list.Items {
		plays = append(plays, r.entry(n, path)...)
	}
	return plays
}

// entry reads one element of a playbook: a play or an import.
func (r *reader) entry(n *yaml.Node, path string) []*Play {
	if n.Kind != yaml.Mapping {
		r.errorf(n.Pos, "a play must be a mapping of keywords, not %s", n.What())
		return nil
	}
	for _, name := range []string{"import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"} {
		if v := n.Get(name); v != nil {
			return r.importPlaybook(n, name, v, path)
		}
	}
	if n.Get("hosts") == nil {
		r.notAPlay(n)
		return nil
	}
	return []*Play{r.readPlay(n, path)}
}

// notAPlay explains an element of a playbook that has no hosts.
func (r *reader) notAPlay(n *yaml.Node) {
	e := r.errorf(n.Pos, "a play needs 'hosts'")
	for _, p := range n.Pairs {
		name := p.Name()
		if _, isPlay := playKeywords[name]; isPlay {
			e.Hint = "add 'hosts: all', or a group's name"
			return
		}
		if name == "include" {
			e.Hint = "'include' is gone: write 'import_playbook'"
			return
		}
		if _, isModule := r.module(name, nil); isModule {
			e.Msg = "'" + name + "' is not a valid attribute for a Play: this is a task, where a play is expected"
			e.Hint = "a playbook is a list of plays: put the tasks below 'tasks:' of a play with 'hosts:'"
			return
		}
	}
	e.Hint = "add 'hosts: all', or a group's name"
}

// importPlaybook reads the plays of another playbook and hands them the
// import's variables, condition and tags.
func (r *reader) importPlaybook(n *yaml.Node, keyword string, v *yaml.Node, path string) []*Play {
	var b Base
	r.base(ownImport, &b, n, func(name string, _ yaml.Pair) bool { return name == keyword })
	if v.IsNull() {
		r.errorf(n.Pos, "import_playbook needs the name of a playbook")
		return nil
	}
	outer := r.playbook
	r.playbook = path
	name, fault := r.staticName(literal(v), v.Pos, place{file: path}, b.Vars)
	r.playbook = outer
	if fault != nil {
		return nil
	}
	if words := strings.Fields(name); len(words) > 1 && strings.Contains(words[1], "=") {
		general(r.errorf(v.Pos, "import_playbook takes only the name of a playbook").WithHint("hand over variables with 'vars:'"))
		return nil
	}
	file := name
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(path), name)
	}
	if !exists(file) {
		if in := r.l.collectionPlaybook(name, filepath.Dir(path)); in != "" {
			file = in
		} else {
			r.errs.Add(notFound("there is no playbook '"+name+"'", []string{file}, v.Pos))
			return nil
		}
	}
	plays := r.plays(file, v.Pos)
	for _, p := range plays {
		p.ImportVars = b.Vars.Clone().Update(p.ImportVars)
		p.Tags = append(slices.Clip(b.Tags), p.Tags...)
		p.onlyWhen(b.When)
	}
	return plays
}

// onlyWhen puts conditions before those of all steps of the play but its
// handlers and the gathering of facts.
func (p *Play) onlyWhen(conds []Cond) {
	if len(conds) == 0 {
		return
	}
	for _, part := range [][]Step{p.PreTasks, roleSteps(p), p.Tasks, p.PostTasks} {
		for _, s := range part {
			b := s.base()
			b.When = append(slices.Clip(conds), b.When...)
		}
	}
}

// readPlay reads one play.
func (r *reader) readPlay(n *yaml.Node, path string) *Play {
	p := &Play{Playbook: path}
	r.play, r.playbook, r.imported = p, path, nil
	r.base(ownPlay, &p.Base, n, func(name string, pair yaml.Pair) bool {
		read, ok := playKeywords[name]
		if ok && read != nil && !pair.Value.IsNull() {
			read(r, name, p, pair.Value)
		}
		return ok
	})
	r.hosts(p, n.Get("hosts"))
	if user := n.Get("user"); user != nil {
		if p.RemoteUser != nil {
			r.errorf(p.Keys["remote_user"], "both 'user' and 'remote_user' are set for this play.").WithHint("'user' is the old name of 'remote_user': keep one of them")
		}
		p.RemoteUser = text(r, "user", user)
	}
	at := place{file: path}
	p.Roles = r.playRoles(n.Get("roles"), at)
	p.PreTasks = r.steps("pre_tasks", n.Get("pre_tasks"), at)
	p.Tasks = r.steps("tasks", n.Get("tasks"), at)
	p.PostTasks = r.steps("post_tasks", n.Get("post_tasks"), at)
	at.handler = true
	own := r.steps("handlers", n.Get("handlers"), at)
	for _, role := range p.Roles {
		p.Handlers = append(p.Handlers, role.Handlers...)
	}
	p.Handlers = append(p.Handlers, own...)
	for _, role := range r.imported {
		p.Handlers = append(p.Handlers, role.Handlers...)
	}
	p.Imported = r.imported
	return p
}

// hosts checks the hosts of a play.
func (r *reader) hosts(p *Play, n *yaml.Node) {
	switch {
	case n.IsNull() || n.Kind == yaml.List && len(n.Items) == 0 || n.Scalar == value.Str(""):
		r.errorf(p.Keys["hosts"], "Hosts list cannot be empty. Please check your playbook").WithHint("name hosts or groups, or write 'hosts: all'")
	case n.Kind == yaml.Mapping:
		r.wrongKind("hosts", n, "a pattern or a list of patterns")
	default:
		for _, item := range elements(n) {
			if _, isText := item.Text(); !isText && !item.IsTemplate() {
				r.wrongKind("hosts", item, "a pattern or a list of patterns")
				return
			}
		}
		p.Hosts = r.keep(n)
	}
}

// varsFiles takes the names of files of variables; a list inside the list
// holds alternatives.
func (r *reader) varsFiles(name string, p *Play, n *yaml.Node) {
	for _, item := range elements(n) {
		for _, alternative := range elements(item) {
			if _, ok := alternative.Text(); !ok && !alternative.IsNull() {
				r.wrongKind(name, alternative, "a list of file names")
				return
			}
		}
	}
	p.VarsFiles = r.values(n)
}

// varsPrompt takes the questions of a play.
func (r *reader) varsPrompt(name string, p *Play, n *yaml.Node) {
	for _, item := range elements(n) {
		if item.Kind != yaml.Mapping {
			r.wrongKind(name, item, "a list of mappings with 'name' and 'prompt'")
			continue
		}
		if item.Get("name").IsNull() {
			r.errorf(item.Pos, "Invalid vars_prompt data structure, missing 'name' key: the variable of the question")
			continue
		}
		q := &Prompt{Pos: item.Pos, Private: true}
		for _, pair := range item.Pairs {
			r.promptKeyword(q, pair)
		}
		p.VarsPrompt = append(p.VarsPrompt, q)
	}
}

var promptKeywords = []string{"name", "prompt", "default", "private", "confirm", "encrypt", "salt", "salt_size", "unsafe"}

func (r *reader) promptKeyword(q *Prompt, p yaml.Pair) {
	name, n := p.Name(), p.Value
	flag := func() bool { return !n.IsNull() && isTrue(boolean(r, name, n)) }
	switch name {
	case "name":
		q.Name = r.variableName(name, n)
	case "prompt":
		q.Prompt = r.keep(n)
	case "default":
		q.Default = r.keep(n)
	case "private":
		q.Private = flag()
	case "confirm":
		q.Confirm = flag()
	case "unsafe":
		q.Unsafe = flag()
	case "encrypt":
		q.Encrypt, _ = n.Text()
	case "salt":
		q.Salt, _ = n.Text()
	case "salt_size":
		if size, ok := value.AsInt(integer(r, name, n)); ok {
			q.SaltSize = int(size)
		}
	default:
		wide(r.errorf(p.Key.Pos, "Invalid vars_prompt data structure, found unsupported key '%s'%s", name, source.DidYouMean(name, promptKeywords)), name)
	}
}

// isTrue reads a static boolean in any of the words that boolean accepts.
func isTrue(v value.Value) bool {
	switch v := v.(type) {
	case value.Bool:
		return bool(v)
	case value.Int:
		return v == 1
	case value.Str:
		return slices.Contains([]string{"yes", "y", "true", "t", "on", "1"}, strings.ToLower(string(v)))
	}
	return false
}
