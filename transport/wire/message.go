package wire

import (
	"encoding/binary"
	"sort"

	"drover/playbook/value"
)

// Hello is what each side says about itself.
type Hello struct {
	Version int
	PID     int
	User    string            // who the runner runs as
	Env     map[string]string // from the controller: for every command
	Program string            // from the runner: the path of its file
}

// Append encodes h at the end of b.
func (h *Hello) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(h.Version))
	b = binary.AppendUvarint(b, uint64(h.PID))
	b = appendString(b, h.User)
	return appendString(appendEnv(b, h.Env), h.Program)
}

// Decode reads what Append wrote; further fields of later versions are left.
func (h *Hello) Decode(b []byte) error {
	d := decoding{b: b}
	h.Version = int(d.uvarint())
	h.PID = int(d.uvarint())
	h.User = d.string()
	h.Env = d.env()
	h.Program = d.string()
	return d.err
}

func appendEnv(b []byte, env map[string]string) []byte {
	keys := make([]string, 0, len(env))
	for k := range env {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	b = binary.AppendUvarint(b, uint64(len(keys)))
	for _, k := range keys {
		b = appendString(appendString(b, k), env[k])
	}
	return b
}

func (d *decoding) env() map[string]string {
	n := d.count()
	if n == 0 {
		return nil
	}
	env := make(map[string]string, min(n, 1024))
	for i := 0; i < n && d.err == nil; i++ {
		k := d.string()
		env[k] = d.string()
	}
	return env
}

// Call is a call of a module.
type Call struct {
	Module    string
	Args      *value.Dict
	Check     bool
	Diff      bool
	Verbosity int
	Env       map[string]string
	Blobs     []Blob
	Async     *Async
}

// Blob is a content that the call may ask for; Data is there when it was
// small enough to send along.
type Blob struct {
	Name   string
	Size   int64
	Inline bool
	Data   []byte
}

// Async is about a detached call.
type Async struct {
	Limit int // seconds
	JobID string
	Dir   string
}

// Append encodes c at the end of b.
func (c *Call) Append(b []byte) ([]byte, error) {
	b = appendString(b, c.Module)
	b = appendBools(b, c.Check, c.Diff, c.Async != nil)
	b = binary.AppendUvarint(b, uint64(c.Verbosity))
	b = appendEnv(b, c.Env)
	b = binary.AppendUvarint(b, uint64(len(c.Blobs)))
	for _, blob := range c.Blobs {
		b = blob.append(b)
	}
	if c.Async != nil {
		b = binary.AppendUvarint(b, uint64(c.Async.Limit))
		b = appendString(appendString(b, c.Async.JobID), c.Async.Dir)
	}
	args := c.Args
	if args == nil {
		args = value.NewDict(0)
	}
	return AppendValue(b, args)
}

// Decode reads what Append wrote.
func (c *Call) Decode(b []byte) error {
	d := decoding{b: b}
	d.call(c)
	return d.err
}

func (d *decoding) call(c *Call) {
	c.Module = d.string()
	c.Check, c.Diff = d.bool(), d.bool()
	detached := d.bool()
	c.Verbosity = int(d.uvarint())
	c.Env = d.env()
	n := d.count()
	for i := 0; i < n && d.err == nil; i++ {
		c.Blobs = append(c.Blobs, d.blob())
	}
	if detached {
		c.Async = &Async{Limit: int(d.uvarint()), JobID: d.string(), Dir: d.string()}
	}
	args, ok := d.value(0).(*value.Dict)
	if !ok {
		d.fail("the arguments of a call are no dict")
		return
	}
	c.Args = args
}

func (blob *Blob) append(b []byte) []byte {
	b = appendString(b, blob.Name)
	b = binary.AppendVarint(b, blob.Size)
	b = appendBools(b, blob.Inline)
	if blob.Inline {
		b = appendString(b, string(blob.Data))
	}
	return b
}

func (d *decoding) blob() Blob {
	blob := Blob{Name: d.string(), Size: d.varint(), Inline: d.bool()}
	if blob.Inline {
		blob.Data = d.bytes()
	}
	return blob
}

func appendBools(b []byte, vs ...bool) []byte {
	for _, v := range vs {
		if v {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	return b
}

// Batch is a row of calls that run one after the other. The calls have the
// ids that follow the batch's own.
type Batch struct {
	StopOnFailure bool
	Calls         []*Call
}

// Append encodes the batch at the end of b.
func (t *Batch) Append(b []byte) ([]byte, error) {
	b = appendBools(b, t.StopOnFailure)
	b = binary.AppendUvarint(b, uint64(len(t.Calls)))
	var err error
	for _, c := range t.Calls {
		if b, err = c.Append(b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Decode reads what Append wrote.
func (t *Batch) Decode(b []byte) error {
	d := decoding{b: b}
	t.StopOnFailure = d.bool()
	n := d.count()
	for i := 0; i < n && d.err == nil; i++ {
		c := new(Call)
		d.call(c)
		t.Calls = append(t.Calls, c)
	}
	return d.err
}

// Outcome is how a call ended.
type Outcome byte

// The outcomes.
const (
	OutcomeResult    Outcome = iota // Reply.Result is what the module said
	OutcomeFault                    // the call could not be run: Reply.Text
	OutcomeCancelled                // it was cancelled and its processes killed
)

// Reply ends a call.
type Reply struct {
	Outcome Outcome
	Text    string
	Result  *value.Dict
}

// Append encodes r at the end of b.
func (r *Reply) Append(b []byte) ([]byte, error) {
	b = append(b, byte(r.Outcome))
	if r.Outcome != OutcomeResult {
		return appendString(b, r.Text), nil
	}
	return AppendValue(b, r.Result)
}

// Decode reads what Append wrote.
func (r *Reply) Decode(b []byte) error {
	d := decoding{b: b}
	r.Outcome = Outcome(d.byte())
	if r.Outcome != OutcomeResult {
		r.Text = d.string()
		return d.err
	}
	result, ok := d.value(0).(*value.Dict)
	if !ok {
		d.fail("the result of a call is no dict")
	}
	r.Result = result
	return d.err
}

// StreamOpen begins a stream of a call: of the controller's blob Name to the
// runner (TypeOpen, with the credit the runner gives) or of what the module
// calls Name to the controller (TypeSend).
type StreamOpen struct {
	Call   uint32
	Name   string
	Credit int64
}

// Append encodes s at the end of b.
func (s *StreamOpen) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(s.Call))
	b = appendString(b, s.Name)
	return binary.AppendUvarint(b, uint64(s.Credit))
}

// Decode reads what Append wrote.
func (s *StreamOpen) Decode(b []byte) error {
	d := decoding{b: b}
	s.Call = uint32(d.uvarint())
	s.Name = d.string()
	s.Credit = int64(d.uvarint())
	return d.err
}

// AppendCredit encodes the body of a credit frame.
func AppendCredit(b []byte, n int64) []byte { return binary.AppendUvarint(b, uint64(n)) }

// DecodeCredit reads the body of a credit frame.
func DecodeCredit(b []byte) (int64, error) {
	d := decoding{b: b}
	n := d.uvarint()
	if n > MaxMessage {
		d.fail("a credit of %d bytes", n)
	}
	return int64(n), d.err
}
