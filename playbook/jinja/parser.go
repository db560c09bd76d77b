package jinja

import (
	"fmt"
	"strings"
)

// maxNesting bounds how deep expressions and statements may nest.
const maxNesting = 250

// parser builds the tree of one template.
type parser struct {
	env    *Env
	tpl    *template
	toks   []token
	i      int
	depth  int
	soft   int // > 0 inside branches that may never run
	loops  int // loops around the current token
	ends   [][]string
	tags   []string
	scope  *scope
	names  []pendingName
	handed []pendingLocals
	counts []pendingCount
	cond   bool // parsing a conditional
	// lookups counts the calls of lookup around the current token.
	lookups int
}

// syntaxError is a fault found while parsing.
type syntaxError struct {
	off int
	msg string
	// late mistakes are found by Python's compiler behind Jinja's parser, and
	// are of no kind there.
	late bool
}

func (e *syntaxError) Error() string { return e.msg }

// parse makes a template of source text.
func parse(env *Env, src string, o *syntax, pl place) (*template, error) {
	newlines := len(src) - len(strings.TrimRight(src, "\n"))
	src = normalizeNewlines(src, o.KeepTrailingNewline)
	t := &template{src: src, blocks: map[string]*blockDef{}, place: pl, syntax: o, newlines: newlines, newline: o.lastNewlines}
	toks, err := lexTemplate(src, o)
	if err != nil {
		return nil, t.syntaxError(err)
	}
	p := &parser{env: env, tpl: t, toks: toks}
	root := p.pushRoot()
	t.root.body, err = p.body(nil)
	if err != nil {
		return nil, t.syntaxError(err)
	}
	p.resolveNames()
	t.root.scope = root.fn
	return t, nil
}

// parseExpr makes a template of a bare expression.
func parseExpr(env *Env, src string, o *syntax, pl place, cond bool) (*template, error) {
	t := &template{src: src, place: pl, syntax: o}
	toks, err := lexExpression(src, o)
	if err != nil {
		return nil, t.syntaxError(err)
	}
	p := &parser{env: env, tpl: t, toks: toks, cond: cond}
	root := p.pushRoot()
	if t.expr, err = p.expression(true); err == nil && p.tok().kind != tokEOF {
		err = p.fail(p.tok(), "chunk after expression")
	}
	if err != nil {
		return nil, t.syntaxError(err)
	}
	p.resolveNames()
	t.root.scope = root.fn
	return t, nil
}

func (p *parser) pushRoot() *scope {
	p.scope = &scope{fn: &fnScope{}, root: true}
	return p.scope
}

// normalizeNewlines makes every line end "\n" and drops a final one.
func normalizeNewlines(src string, keepTrailing bool) string {
	if strings.IndexByte(src, '\r') >= 0 {
		src = strings.ReplaceAll(src, "\r\n", "\n")
		src = strings.ReplaceAll(src, "\r", "\n")
	}
	if !keepTrailing {
		src = strings.TrimSuffix(src, "\n")
	}
	return src
}

func (p *parser) tok() token { return p.toks[p.i] }

func (p *parser) peek() token {
	if p.i+1 < len(p.toks) {
		return p.toks[p.i+1]
	}
	return p.toks[len(p.toks)-1]
}

func (p *parser) advance() token {
	t := p.toks[p.i]
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) skipOp(op string) bool {
	if p.tok().isOp(op) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.tok().isName(name) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) fail(t token, format string, args ...any) error {
	return &syntaxError{off: t.off, msg: fmt.Sprintf(format, args...)}
}

// failLate is fail for a late mistake.
func (p *parser) failLate(t token, format string, args ...any) error {
	return &syntaxError{off: t.off, msg: fmt.Sprintf(format, args...), late: true}
}

// expected fails because the current token is not what had to come.
func (p *parser) expected(want string) error {
	t := p.tok()
	if t.kind == tokEOF {
		return p.fail(t, "unexpected end of template, expected '%s'", want)
	}
	return p.fail(t, "expected token '%s', got '%s'", want, t.describe())
}

func (p *parser) expectOp(op string) error {
	if !p.skipOp(op) {
		return p.expected(op)
	}
	return nil
}

func (p *parser) expectKind(k kind) (token, error) {
	if p.tok().kind != k {
		return token{}, p.expected(token{kind: k, text: "name"}.describe())
	}
	return p.advance(), nil
}

func (p *parser) enter() error {
	p.depth++
	if p.depth > maxNesting {
		return p.fail(p.tok(), "the template nests deeper than %d levels", maxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// body parses statements and text up to one of the end tags, which stays the
// current token; nil means the end of the template.
func (p *parser) body(ends []string) ([]stmt, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if ends != nil {
		p.ends = append(p.ends, ends)
		defer func() { p.ends = p.ends[:len(p.ends)-1] }()
	}
	var out []stmt
	for {
		switch t := p.tok(); t.kind {
		case tokData:
			p.advance()
			out = append(out, newText(t.text))
		case tokVarBegin:
			p.advance()
			x, err := p.tuple(tupleRule{cond: true})
			if err != nil {
				return nil, err
			}
			if _, err := p.expectKind(tokVarEnd); err != nil {
				return nil, err
			}
			out = append(out, &printStmt{x})
		case tokBlockBegin:
			p.advance()
			if p.atEnd(ends) {
				return out, nil
			}
			s, err := p.statement()
			if err != nil {
				return nil, err
			}
			if s != nil {
				out = append(out, s...)
			}
			if _, err := p.expectKind(tokBlockEnd); err != nil {
				return nil, err
			}
		case tokEOF:
			if ends != nil {
				return nil, p.unexpectedEnd()
			}
			return out, nil
		default:
			return nil, p.fail(t, "unexpected '%s'", t.describe())
		}
	}
}

func (p *parser) atEnd(ends []string) bool {
	for _, e := range ends {
		if p.tok().isName(e) {
			return true
		}
	}
	return false
}

func (p *parser) lookingFor() string {
	if len(p.ends) == 0 {
		return ""
	}
	ends := p.ends[len(p.ends)-1]
	msg := " Jinja was looking for the following tags: '" + strings.Join(ends, "' or '") + "'."
	if len(p.tags) > 0 {
		msg += " The innermost block that needs to be closed is '" + p.tags[len(p.tags)-1] + "'."
	}
	return msg
}

func (p *parser) unexpectedEnd() error {
	return p.fail(p.tok(), "Unexpected end of template.%s", p.lookingFor())
}

func (p *parser) unknownTag(t token) error {
	return p.fail(t, "Encountered unknown tag '%s'.%s", t.text, p.lookingFor())
}

// block parses the end of the opening tag, the body, and the end tag up to but
// not including its closing delimiter; it gives the name of the end tag.
func (p *parser) block(ends ...string) (body []stmt, end string, err error) {
	p.skipOp(":")
	if _, err := p.expectKind(tokBlockEnd); err != nil {
		return nil, "", err
	}
	if body, err = p.body(ends); err != nil {
		return nil, "", err
	}
	return body, p.advance().text, nil
}
