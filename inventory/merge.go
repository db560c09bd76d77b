package inventory

import "drover/playbook/value"

// merger lays variables over one another, the later over the earlier.
type merger struct {
	merge  bool // hash_behaviour = merge
	reader *VarsReader
	vars   value.Dict
	err    error // the first one
}

func (m *merger) add(d *value.Dict) {
	if m.merge {
		mergeInto(&m.vars, d)
		return
	}
	m.vars.Update(d)
}

// mergeInto combines dicts in both recursively.
func mergeInto(into, d *value.Dict) {
	for _, e := range d.Entries() {
		old, _, _ := into.Get(e.Key)
		a, okA := old.(*value.Dict)
		b, okB := e.Val.(*value.Dict)
		if !okA || !okB {
			into.Set(e.Key, e.Val)
			continue
		}
		c := a.Clone()
		mergeInto(c, b)
		into.Set(e.Key, c)
	}
}

// folder adds what dir/kind has for name.
func (m *merger) folder(dir, kind, name string) {
	if m.err != nil {
		return
	}
	d, err := m.reader.Load(dir, kind, name)
	if err != nil {
		m.err = err
		return
	}
	m.add(d)
}

func (m *merger) result() (*value.Dict, error) { return &m.vars, m.err }

func (l *loader) varsReader() *VarsReader {
	return &VarsReader{
		Read: func(path string) (*value.Dict, error) { return ReadVarsFile(path, l.opts.Vault) },
		Warn: l.opts.Warn,
	}
}
