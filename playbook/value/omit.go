package value

type omit struct{}

// Omit is the value of the variable "omit": an argument or a container's
// element that has it is left out as if it were not written.
var Omit Value = omit{}

func (omit) Type() string { return "_OmitType" }

// Str implements Stringer.
func (omit) Str() string { return "<<Omit>>" }

// Repr implements Stringer.
func (omit) Repr() string { return "<<Omit>>" }

// Equal implements Equaler.
func (omit) Equal(other Value) bool { return other == Omit }
