package jinja

// scope is a region of a template in which names are assigned; several scopes
// may share the frame of one function.
type scope struct {
	parent *scope
	fn     *fnScope
	names  map[string]int
	slots  []int
	root   bool
}

// fnScope counts the slots of a function while it is parsed.
type fnScope struct {
	parent *fnScope
	slots  int
	memos  map[string]int // see nameExpr
}

// memo gives the slot that remembers a name of the context.
func (fn *fnScope) memo(name string) int {
	if slot, ok := fn.memos[name]; ok {
		return slot
	}
	if fn.memos == nil {
		fn.memos = map[string]int{}
	}
	fn.memos[name] = fn.slots
	fn.slots++
	return fn.memos[name]
}

// pendingName is a use of a name that gets its refs when parsing is done.
type pendingName struct {
	name *nameExpr
	in   *scope
}

// pendingLocals is a place that hands its visible variables on.
type pendingLocals struct {
	locals *[]local
	in     *scope
}

func (p *parser) push() *scope {
	s := &scope{parent: p.scope, fn: p.scope.fn}
	p.scope = s
	return s
}

// pushFunction opens a scope with a frame of its own. isolated scopes see
// nothing of what surrounds them.
func (p *parser) pushFunction(isolated bool) *scope {
	s := &scope{fn: &fnScope{}}
	if !isolated {
		s.parent, s.fn.parent = p.scope, p.scope.fn
	}
	p.scope = s
	return s
}

// declare gives the slot of name in the scope, made when it is new.
func (s *scope) declare(name string) int {
	if slot, ok := s.names[name]; ok {
		return slot
	}
	if s.names == nil {
		s.names = map[string]int{}
	}
	slot := s.fn.slots
	s.fn.slots++
	s.names[name] = slot
	s.slots = append(s.slots, slot)
	return slot
}

func (p *parser) load(name string, off int) *nameExpr {
	n := &nameExpr{at: at(off), name: name, memo: -1}
	p.names = append(p.names, pendingName{n, p.scope})
	return n
}

// hand remembers that locals must list what is visible here.
func (p *parser) hand(locals *[]local) {
	p.handed = append(p.handed, pendingLocals{locals, p.scope})
}

// resolveNames gives every use of a name its slots; all scopes are complete.
func (p *parser) resolveNames() {
	for _, n := range p.names {
		n.name.refs = n.in.refs(n.name.name)
		if n.name.refs == nil && n.name.name != "super" {
			n.name.memo = n.in.fn.memo(n.name.name)
		}
	}
	p.resolveCounts()
	for _, h := range p.handed {
		seen := map[string]bool{}
		for s := h.in; s != nil; s = s.parent {
			for name := range s.names {
				if !seen[name] && name != "loop" && name != "caller" {
					seen[name] = true
					*h.locals = append(*h.locals, local{name, h.in.refs(name)})
				}
			}
		}
	}
}

func (s *scope) refs(name string) []ref {
	var refs []ref
	up := 0
	for ; s != nil; s = s.parent {
		if slot, ok := s.names[name]; ok {
			refs = append(refs, ref{up, slot})
		}
		if s.parent != nil && s.parent.fn != s.fn {
			up++
		}
	}
	return refs
}
