package engine

import (
	"strings"

	"drover/playbook/value"
)

const (
	censoredText = "the output has been hidden due to the fact that 'no_log: true' was specified for this result"
	hidden       = "********"
)

// censor works out what people may see of the outcome, and marks what
// register keeps of a no_log result as secret.
func (t *taskRun) censor() {
	o := t.out
	noLog := t.noLog()
	if noLog {
		o.result = markSecret(o.result).(*value.Dict)
		o.shown = censored(o.result)
		return
	}
	o.shown = t.batch.run.shownInvocation(t.secrets.conceal(o.result).(*value.Dict))
	o.result = t.secrets.mark(o.result)
}

func (t *taskRun) noLog() bool {
	if isTrue(itemResult{dict: t.out.result}, "_ansible_no_log") {
		return true
	}
	p := t.step.plan
	if p.noLog == nil {
		return false
	}
	ev := keywordReader{ctx: t.item(nil).jinja, base: &t.step.task.Base}
	return ev.boolean("no_log", p.noLog, false) || ev.err != nil
}

// censored is what remains of a no_log result: how it ended.
func censored(result *value.Dict) *value.Dict {
	d := value.DictOf("censored", censoredText)
	for _, key := range []string{"changed", "failed", "skipped", "unreachable", "attempts", "rc"} {
		if v, ok := result.Lookup(key); ok {
			d.Put(key, v)
		}
	}
	return d
}

// show is what people may see of an item's or an attempt's result.
func (i *itemRun) show(result *value.Dict) *value.Dict {
	if i.kw.noLog {
		return censored(result)
	}
	return i.batch.run.shownInvocation(i.secrets.conceal(result).(*value.Dict))
}

func (i *itemRun) showLabel() value.Value {
	if i.kw.noLog {
		return value.Str("(censored due to no_log)")
	}
	return i.secrets.conceal(i.loopLabel())
}

// redact gives v with every secret replaced; v itself when there is none.
func redact(v value.Value) value.Value {
	if !value.IsSecret(v) {
		return v
	}
	return mapText(v, func(s value.Value) value.Value {
		if _, ok := s.(value.Secret); ok {
			return value.Str(hidden)
		}
		return s
	})
}

// markSecret gives v with every text in it marked as secret.
func markSecret(v value.Value) value.Value {
	return mapText(v, func(s value.Value) value.Value {
		if text, ok := value.AsString(s); ok && strings.TrimSpace(text) != "" {
			return value.Secret(text)
		}
		return s
	})
}

// mapText gives a copy of v with f applied to all values that are no
// containers; keys of dicts stay.
func mapText(v value.Value, f func(value.Value) value.Value) value.Value {
	switch v := v.(type) {
	case *value.Dict:
		d := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			d.Set(e.Key, mapText(e.Val, f))
		}
		return d
	case *value.List:
		l := &value.List{Elems: make([]value.Value, len(v.Elems))}
		for i, e := range v.Elems {
			l.Elems[i] = mapText(e, f)
		}
		return l
	case value.Tuple:
		t := make(value.Tuple, len(v))
		for i, e := range v {
			t[i] = mapText(e, f)
		}
		return t
	}
	return f(v)
}
