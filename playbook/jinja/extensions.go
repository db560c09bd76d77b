package jinja

import "errors"

// Extensions are the parts of the language that Jinja2 has as extensions.
type Extensions struct {
	Do           bool // {% do … %} evaluates an expression and prints nothing
	LoopControls bool // {% break %} and {% continue %}
}

// extension parses a tag of an extension; ok is false where t is none.
func (p *parser) extension(t token) (s stmt, ok bool, err error) {
	on := p.env.Extensions
	switch {
	case t.text == "do" && on.Do:
		x, err := p.tuple(tupleRule{})
		return &doStmt{x}, true, err
	case (t.text == "break" || t.text == "continue") && on.LoopControls:
		if p.loops == 0 {
			return nil, true, p.failLate(t, "'%s' outside loop", t.text)
		}
		return &leaveStmt{end: t.text == "break"}, true, nil
	}
	return nil, false, nil
}

// outsideLoops parses what no loop around it can be left from.
func (p *parser) outsideLoops(parse func() error) error {
	loops := p.loops
	p.loops = 0
	defer func() { p.loops = loops }()
	return parse()
}

// doStmt evaluates an expression for what it does.
type doStmt struct{ x expr }

func (s *doStmt) exec(f *frame) error {
	_, err := s.x.eval(f)
	return err
}

// leaveStmt ends a round of the innermost loop, or all its rounds.
type leaveStmt struct{ end bool }

// How a body says that it left its loop's round, or its loop.
var (
	errNextRound = errors.New("continue")
	errEndLoop   = errors.New("break")
)

func (s *leaveStmt) exec(*frame) error {
	if s.end {
		return errEndLoop
	}
	return errNextRound
}

// left tells what an error of a loop's body means for the loop.
func left(err error) (end bool, fault error) {
	switch err {
	case nil, errNextRound:
		return false, nil
	case errEndLoop:
		return true, nil
	}
	return true, err
}
