package jinja

import "drover/playbook/value"

func textOf(v value.Value) string {
	s, _ := value.AsString(v)
	return s
}

func (s *textStmt) exec(f *frame) error { return f.out.literal(s) }

func (s *printStmt) exec(f *frame) error {
	v, err := s.x.eval(f)
	if err != nil {
		return err
	}
	if t := f.c.run.trust; t != nil {
		t.printed(f.c, v)
	}
	if err := f.out.write(v); err != nil {
		return f.fail(s.x, err)
	}
	return nil
}

func (s *ifStmt) exec(f *frame) error {
	ok, err := truth(s.test, f)
	switch {
	case err != nil:
		return err
	case ok:
		return f.exec(s.yes)
	}
	return f.exec(s.no)
}

func (s *setStmt) exec(f *frame) error {
	v, err := s.x.eval(f)
	if err != nil {
		return err
	}
	return f.assign(&s.target, v)
}

func (s *setBlockStmt) exec(f *frame) error {
	f.clear(s.clear)
	v, err := f.capture(s.body)
	if err != nil {
		return err
	}
	for _, flt := range s.filters {
		if v, err = flt.apply(f, v); err != nil {
			return err
		}
	}
	return f.assign(&s.target, v)
}

func (s *withStmt) exec(f *frame) error {
	vs, err := evalAll(s.vals, f)
	if err != nil {
		return err
	}
	f.clear(s.clear)
	for i := range s.targets {
		if err := f.assign(&s.targets[i], vs[i]); err != nil {
			return err
		}
	}
	return f.exec(s.body)
}

func (s *filterStmt) exec(f *frame) error {
	f.clear(s.clear)
	v, err := f.capture(s.body)
	if err != nil {
		return err
	}
	for _, flt := range s.filters {
		if v, err = flt.apply(f, v); err != nil {
			return err
		}
	}
	return f.out.write(v)
}

func (s *scopeStmt) exec(f *frame) error {
	f.clear(s.clear)
	return f.exec(s.body)
}

func (s *forStmt) exec(f *frame) error {
	v, err := evalUsed(s.iter, f)
	if err != nil {
		return err
	}
	if s.recursive != nil {
		out, err := s.recurse(f, v, 0)
		if err != nil {
			return err
		}
		return f.out.write(out)
	}
	return s.rounds(f, v, nil)
}

// recurse runs a recursive loop over v in a frame of its own.
func (s *forStmt) recurse(f *frame, v value.Value, depth int) (value.Value, error) {
	if err := f.c.descend(); err != nil {
		return nil, f.fail(s, err)
	}
	defer f.c.ascend()
	inner := f.call(s.recursive, newOutput(f.c))
	if err := s.rounds(inner, v, &recursion{s, f, depth}); err != nil {
		return nil, err
	}
	return inner.out.result()
}

// rounds runs the body for each element of v.
func (s *forStmt) rounds(f *frame, v value.Value, rec *recursion) error {
	vs, err := f.c.elements(v)
	if err != nil {
		return f.fail(s.iter, err)
	}
	if s.filter != nil {
		if vs, err = s.keep(f, vs); err != nil {
			return err
		}
	}
	if len(vs) == 0 {
		f.clear(s.clear)
		return f.exec(s.els)
	}
	var l *loop
	if s.usesLoop {
		l = &loop{c: f.c, items: vs, rec: rec}
	}
	for i, e := range vs {
		if err := f.c.step(); err != nil {
			return f.fail(s, err)
		}
		f.clear(s.fresh)
		if l != nil {
			l.i = i
			f.slots[s.loopSlot] = l
		}
		if err := f.assign(&s.target, e); err != nil {
			return err
		}
		if end, err := left(f.exec(s.body)); end {
			return err
		}
	}
	return nil
}

// keep gives the elements that pass the loop's own test.
func (s *forStmt) keep(f *frame, vs []value.Value) ([]value.Value, error) {
	var out []value.Value
	for _, e := range vs {
		f.clear(s.clear)
		if err := f.assign(&s.target, e); err != nil {
			return nil, err
		}
		ok, err := truth(s.filter, f)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e)
		}
	}
	return out, nil
}
