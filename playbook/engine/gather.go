package engine

import (
	"context"
	"os"

	"drover/playbook"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
)

// gatherTask makes the task that gathers facts at the start of a play; nil
// when the play or the configuration wants none.
func (pr *playRun) gatherTask() *playbook.Task {
	p := pr.play
	ev := keywordReader{ctx: pr.run.context(pr.known()), base: &p.Base}
	implicit := pr.run.cfg.Gathering != "explicit"
	gather := ev.boolean("gather_facts", p.GatherFacts, implicit)
	if ev.err != nil {
		pr.run.fault(ev.err)
		return nil
	}
	if !gather || pr.run.cfg.Gathering == "smart" && pr.haveFacts() {
		return nil
	}
	args := value.NewDict(4)
	for _, k := range []struct {
		name string
		v    value.Value
	}{{"gather_subset", p.GatherSubset}, {"gather_timeout", p.GatherTimeout}, {"fact_path", p.FactPath}} {
		if k.v != nil {
			args.Put(k.name, k.v)
		}
	}
	return &playbook.Task{
		Base: playbook.Base{Pos: p.Pos, Name: value.Str("Gathering Facts"), Tags: []value.Value{value.Str("always")}},
		Play: p, Action: "gather_facts", Module: "ansible.builtin.gather_facts", Args: args, Implicit: true,
	}
}

// haveFacts reports whether all hosts' facts are known already, from an
// earlier play or from the cache.
func (pr *playRun) haveFacts() bool {
	for _, h := range pr.hosts {
		if h.counts() && h.facts.Dict().Len() == 0 {
			return false
		}
	}
	return true
}

// varsFile reads one entry of vars_files for a host: a file, or the first that
// exists of a list; one that does not exist is passed over with a warning. An
// entry that needs a name which is not known yet, since facts may still come,
// gives nothing.
func (b *batch) varsFile(s *seat, ctx *jinja.Context, entry value.Value) (*value.Dict, error) {
	alternatives := []value.Value{entry}
	if l, ok := entry.(*value.List); ok {
		alternatives = l.Elems
	}
	var missing error
	for _, a := range alternatives {
		v, err := ctx.Evaluate(a)
		if jinja.KindOf(err) == jinja.KindUndefined && !s.gathered() {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		name, isText := value.AsString(v)
		if !isText {
			return nil, source.Errorf(b.play.play.Keys["vars_files"], "an entry of vars_files must be a file's name or a list of names, not %s", value.Repr(v))
		}
		path, err := b.run.cfg.Loader.Find(&playbook.Task{Play: b.play.play}, "vars", name)
		if err != nil {
			missing = err
			continue
		}
		return b.run.cfg.Loader.VarsFile(path)
	}
	if missing != nil {
		b.run.warn(b.play.play.Keys["vars_files"], "no file of this vars_files entry exists, so it gives no variables: "+errorText(missing))
	}
	return nil, nil
}

// gathered reports whether facts of the host were gathered or recalled.
func (s *seat) gathered() bool {
	_, ok := s.facts.Lookup("module_setup")
	return ok
}

// ask puts the questions of vars_prompt; variables that are set on the command
// line are not asked for, and without a terminal the defaults count.
func (r *run) ask(ctx context.Context, prompts []*playbook.Prompt, layers []vars.Layer) (*value.Dict, error) {
	answers := value.NewDict(len(prompts))
	for _, p := range prompts {
		if _, given := r.cfg.ExtraVars.Lookup(p.Name); given {
			continue
		}
		v, err := r.askOne(ctx, p, r.context(r.extraScope(layers...)))
		if err != nil {
			return nil, err
		}
		answers.Put(p.Name, v)
	}
	return answers, nil
}

func (r *run) askOne(ctx context.Context, p *playbook.Prompt, jc *jinja.Context) (value.Value, error) {
	ev := keywordReader{ctx: jc, base: &playbook.Base{Pos: p.Pos}}
	text := ev.text("prompt", p.Prompt, p.Name)
	otherwise := ev.text("default", p.Default, "")
	if ev.err != nil {
		return nil, ev.err
	}
	answer, hasDefault := otherwise, p.Default != nil && p.Default != value.None
	if t := r.cfg.Terminal; t != nil && t.Interactive() {
		if hasDefault {
			text += " [" + otherwise + "]"
		}
		line, err := r.askTwice(ctx, t, text+": ", p)
		if err != nil {
			return nil, source.Wrap(p.Pos, err)
		}
		if line != "" {
			answer = line
		}
	} else if !hasDefault {
		answer = value.String(value.None) // as Ansible has it where nobody can be asked
	}
	if p.Encrypt != "" {
		return encrypted(jc, p, answer)
	}
	secret := p.Private && !r.cfg.Env.Lenient
	if !p.Unsafe && jinja.HasMarkup(answer) {
		return &value.Template{Src: answer, Pos: p.Pos, Secret: secret}, nil
	}
	if secret {
		return value.Secret(answer), nil
	}
	return value.Str(answer), nil
}

// askTwice asks again until both answers agree when the prompt wants that.
func (r *run) askTwice(ctx context.Context, t Terminal, text string, p *playbook.Prompt) (string, error) {
	for ask := text; ; ask = "***** VALUES ENTERED DO NOT MATCH ****\n" + text {
		line, err := t.ReadLine(ctx, ask, !p.Private)
		if err != nil || !p.Confirm {
			return line, err
		}
		again, err := t.ReadLine(ctx, "confirm "+text, !p.Private)
		if err != nil || line == again {
			return line, err
		}
	}
}

// encrypted hashes an answer as vars_prompt's encrypt says.
func encrypted(jc *jinja.Context, p *playbook.Prompt, answer string) (value.Value, error) {
	args := []value.Value{value.Str(answer), value.Str(p.Encrypt)}
	switch {
	case p.Salt != "":
		args = append(args, value.Str(p.Salt))
	case p.SaltSize > 0:
		args = append(args, value.None, value.Int(p.SaltSize))
	}
	v, err := jc.CallFilter("password_hash", args...)
	return v, asRunError(source.Wrap(p.Pos, err))
}

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
