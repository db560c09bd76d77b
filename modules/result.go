package modules

import (
	"strings"

	"drover/playbook/value"
)

// Dict gives the result as register sees it: changed first, then the module's
// own keys in their order, then what it has to say about itself. Text outputs
// also come split into lines, unless the module did that.
func (r *Result) Dict() *value.Dict {
	d := value.NewDict(r.Data.Len() + 4)
	d.Put("changed", value.Bool(r.Changed))
	d.Update(r.Data)
	for _, key := range []string{"stdout", "stderr"} {
		_, split := d.Lookup(key + "_lines")
		if s, ok := value.AsString(d.At(key)); ok && !split {
			d.Put(key+"_lines", value.Strings(splitLines(s)...))
		}
	}
	if r.Failed {
		d.Put("failed", value.Bool(true))
	}
	if r.Skipped {
		d.Put("skipped", value.Bool(true))
	}
	if r.Msg != "" {
		d.Put("msg", value.Str(r.Msg))
	}
	if len(r.Diff) > 0 || r.DiffList {
		d.Put("diff", diffValue(r.Diff, r.DiffList))
	}
	if r.Facts.Len() > 0 {
		d.Put("ansible_facts", r.Facts)
	}
	if len(r.Warnings) > 0 {
		d.Put("warnings", value.Strings(r.Warnings...))
	}
	if len(r.Deprecations) > 0 {
		d.Put("deprecations", deprecations(r.Deprecations))
	}
	return d
}

// splitLines splits as Python's splitlines does, for \n, \r\n and \r.
func splitLines(s string) []string {
	if s == "" {
		return []string{}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// diffValue gives one difference as a dict, unless a list is wanted, and
// several as a list.
func diffValue(ds []Diff, list bool) value.Value {
	if len(ds) == 1 && !list {
		return ds[0].dict()
	}
	l := value.NewList()
	for i := range ds {
		l.Append(ds[i].dict())
	}
	return l
}

func (f *Diff) dict() *value.Dict {
	d := value.NewDict(4)
	putText := func(key, s string) {
		if s != "" {
			d.Put(key, value.Str(s))
		}
	}
	switch {
	case f.Prepared != "":
		d.Put("prepared", value.Str(f.Prepared))
	case f.DstBinary || f.SrcBinary || f.DstLarger > 0 || f.SrcLarger > 0:
		f.putOmitted(d)
	case f.BeforeState != nil || f.AfterState != nil:
		d.Put("before", orEmpty(f.BeforeState))
		d.Put("after", orEmpty(f.AfterState))
	case f.NoText:
	default:
		d.Put("before", value.Str(f.Before))
		d.Put("after", value.Str(f.After))
	}
	putText("before_header", f.BeforeHeader)
	putText("after_header", f.AfterHeader)
	return d
}

// putOmitted says why contents are not shown, keeping the side that can be.
func (f *Diff) putOmitted(d *value.Dict) {
	put := func(binary bool, larger int, prefix, side, text string) {
		switch {
		case binary:
			d.Put(prefix+"_binary", value.Int(1))
		case larger > 0:
			d.Put(prefix+"_larger", value.Int(larger))
		default:
			d.Put(side, value.Str(text))
		}
	}
	put(f.DstBinary, f.DstLarger, "dst", "before", f.Before)
	put(f.SrcBinary, f.SrcLarger, "src", "after", f.After)
}

func orEmpty(d *value.Dict) *value.Dict {
	if d == nil {
		return value.NewDict(0)
	}
	return d
}

func deprecations(msgs []string) *value.List {
	l := value.NewList()
	for _, m := range msgs {
		l.Append(value.DictOf("msg", m))
	}
	return l
}
