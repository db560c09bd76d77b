package jinja

import (
	"sync/atomic"

	"drover/playbook/value"
)

// The tree of a template is immutable once parsed; nodes evaluate themselves
// (see eval_*.go). Names are resolved to slots of frames while parsing.

type (
	// expr is an expression.
	expr interface {
		eval(f *frame) (value.Value, error)
		offset() int
	}
	// stmt is a statement or a piece of output.
	stmt interface {
		exec(f *frame) error
	}
	// at is the place of a node: a byte offset in the source.
	at int
)

func (a at) offset() int { return int(a) }

// ref is a local variable: a slot of the frame that is up levels out.
type ref struct{ up, slot int }

type (
	constExpr struct {
		at
		v value.Value
		// tpl is set for a string constant of a conditional, or in the
		// arguments of a lookup, that holds a template itself.
		tpl *value.Template
	}
	nameExpr struct {
		at
		name string
		refs []ref // where it may be, from the inside out; then the context
		// memo is a slot that remembers the context's value of a name that
		// the template never assigns, -1 without.
		memo int
	}
	listExpr struct {
		at
		elems []expr
	}
	tupleExpr struct {
		at
		elems []expr
	}
	dictExpr struct {
		at
		keys, vals []expr
	}
	unaryExpr struct {
		at
		op byte // '-', '+'
		x  expr
	}
	notExpr struct {
		at
		x expr
	}
	binaryExpr struct {
		at
		op   binop
		x, y expr
	}
	concatExpr struct {
		at
		parts []expr
	}
	logicExpr struct {
		at
		or   bool
		x, y expr
	}
	compareExpr struct {
		at
		x    expr
		rest []comparison
	}
	comparison struct {
		at
		op cmpop
		y  expr
	}
	condExpr struct {
		at
		test, yes, no expr // no may be nil
	}
	attrExpr struct {
		at
		x    expr
		name string
		// key says that the name can't be a method or attribute of a dict,
		// only a key.
		key bool
	}
	itemExpr struct {
		at
		x, key expr
	}
	sliceExpr struct {
		at
		x                 expr
		start, stop, step expr // nil when left out
	}
	callExpr struct {
		at
		fn expr
		args
		unseen bool // see countsUnseen
	}
	filterExpr struct {
		at
		x     expr // nil for the body of a filter block
		name  string
		fn    *Func  // nil when there is none of that name
		quick string // see shortcut
		// text is the whole filter for text when it has no arguments.
		text func(string) string
		args
	}
	testExpr struct {
		at
		x     expr
		name  string
		fn    *Func  // nil when there is none of that name
		quick string // see shortcut
		args
	}
	// args are the arguments of a call as written.
	args struct {
		pos      []expr
		kw       []kwArg
		star, ds expr // *args and **kwargs, nil without
	}
	kwArg struct {
		name string
		x    expr
	}
)

func (a *args) none() bool {
	return len(a.pos) == 0 && len(a.kw) == 0 && a.star == nil && a.ds == nil
}

// binop is an arithmetic operator.
type binop uint8

const (
	opAdd binop = iota
	opSub
	opMul
	opDiv
	opFloor
	opMod
	opPow
)

var binopText = [...]string{"+", "-", "*", "/", "//", "%", "**"}

// cmpop is a comparison operator.
type cmpop uint8

const (
	cmpEq cmpop = iota
	cmpNe
	cmpLt
	cmpLe
	cmpGt
	cmpGe
	cmpIn
	cmpNotIn
)

var cmpopText = [...]string{"==", "!=", "<", "<=", ">", ">=", "in", "not in"}

type (
	textStmt struct {
		text value.Value
		raw  string // the same
	}
	printStmt struct {
		x expr
	}
	ifStmt struct {
		test      expr
		yes, no   []stmt
		hasElse   bool
		elseChain bool // no is a single ifStmt written as elif
	}
	forStmt struct {
		at
		target       target
		iter, filter expr
		body, els    []stmt
		loopSlot     int
		clear        []int     // slots of the loop's scopes
		fresh        []int     // those that the body may set, empty in each round
		recursive    *function // set for recursive loops
		usesLoop     bool
	}
	setStmt struct {
		target target
		x      expr
	}
	setBlockStmt struct {
		at
		target  target
		filters []*filterExpr
		body    []stmt
		clear   []int
	}
	withStmt struct {
		targets []target
		vals    []expr
		body    []stmt
		clear   []int
	}
	macroStmt struct {
		at
		target target
		macro  *macroDef
	}
	callStmt struct {
		at
		call  *callExpr
		macro *macroDef
	}
	filterStmt struct {
		at
		filters []*filterExpr
		body    []stmt
		clear   []int
	}
	blockStmt struct {
		at
		name     string
		scoped   bool
		required bool
		def      *blockDef
		locals   []local
	}
	extendsStmt struct {
		at
		x expr
	}
	includeStmt struct {
		at
		x             expr
		ignoreMissing bool
		withContext   bool
		locals        []local
	}
	importStmt struct {
		at
		x           expr
		target      *target      // import x as target
		names       []importName // from x import …
		withContext bool
		locals      []local
	}
	importName struct {
		at
		name   string
		as     string
		target target
	}
	// scopeStmt is a body with its own scope and nothing else (autoescape).
	scopeStmt struct {
		body  []stmt
		clear []int
	}
)

// local is a name visible at a place that hands its variables on.
type local struct {
	name string
	refs []ref
}

// target is what an assignment assigns to: a name, an attribute of a
// namespace, or a tuple of targets.
type target struct {
	at
	name   string
	ref    ref
	export bool   // at the top level: also a variable of the context
	attr   string // name.attr of a namespace
	ns     *nameExpr
	elems  []target
	tuple  bool
}

// function is a unit with a frame of its own.
type function struct {
	scope *fnScope
	body  []stmt
}

// locals gives the empty slots of a frame.
func (fn *function) locals() []value.Value {
	if fn.scope.slots == 0 {
		return nil
	}
	return make([]value.Value, fn.scope.slots)
}

// macroDef is a macro or the body of a call block.
type macroDef struct {
	function
	name       string
	params     []string
	paramSlots []int
	defaults   []expr // of the last params
	varargs    int    // slots, -1 when the body does not use them
	kwargs     int
	caller     int
	// explicitCaller is set when caller is one of the params.
	explicitCaller bool
}

// blockDef is the body of a block.
type blockDef struct {
	function
	name     string
	required bool
	tpl      *template
}

// template is a parsed template.
type template struct {
	root    function
	blocks  map[string]*blockDef
	order   []string // of blocks, for printing
	expr    expr     // of a bare expression
	src     string
	place   place
	mutates bool // calls a method that changes a container
	extends bool
	syntax  *syntax
	// newlines is how many newlines the source ended with.
	newlines int
	newline  string // the sequence that stands for each of them, "" for "\n"
	// size is how long the last result was, to make room at once.
	size atomic.Int32
}
