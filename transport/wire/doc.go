// Package wire is the language that controller and runner speak over a pair
// of byte streams (an SSH channel, the pipes of a child process).
//
// Each side begins with a magic text, so that the other can skip what a login
// shell printed before it, and a Hello with its version and limits. From then
// on there are only frames:
//
//	length  uint32, big endian: of the body
//	type    uint8
//	flags   uint8: more parts follow; body is compressed
//	id      uint32: the call, batch or stream it belongs to
//	body    length bytes
//
// A message longer than one frame is sent in parts, between which frames of
// others may pass; a stream is a row of Data frames, sent only while there is
// credit. Values are encoded as codec.go says: order, big integers, bytes that
// are no UTF-8 and the mark of secrets all survive.
package wire

// Version is the protocol's version; both sides must have the same one. A
// runner is found by the hash of its content, so they always do unless
// somebody placed a runner by hand.
const Version = 1

// Magic is what each side sends before its Hello.
const Magic = "#drover-wire#"

// Limits of what one side takes from the other.
const (
	// PartSize is the largest body of one frame that this side sends: with its
	// header it fills two packets of SSH.
	PartSize = 64<<10 - headerSize
	// MaxFrame is the largest body that it takes.
	MaxFrame = 1 << 20
	// MaxMessage is the largest assembled message that it takes.
	MaxMessage = 128 << 20
	// Window is how much of a stream may be under way.
	Window = 2 << 20
	// InlineBlob is the size up to which contents travel inside the call.
	InlineBlob = 4 << 10
	// CompressFrom is the size from which messages are compressed.
	CompressFrom = 1 << 10
)

// Type is the kind of a frame.
type Type uint8

// The kinds of frames. C marks those the controller sends, R the runner.
const (
	TypeHello     Type = iota + 1 // C, R: Hello
	TypeCall                      // C: Call
	TypeBatch                     // C: Batch; its calls have the ids after its own
	TypeBatchStop                 // C: start no more calls of the batch
	TypeCancel                    // C: end the call and kill its processes
	TypeResult                    // R: Reply
	TypeBatchEnd                  // R: no further result of the batch will come
	TypeProgress                  // R: text of a running call
	TypeOpen                      // R: StreamOpen, asks for a blob of the controller
	TypeSend                      // R: StreamOpen, announces a stream to the controller
	TypeData                      // C, R: a piece of a stream
	TypeEnd                       // C, R: the stream ended; body is an error's text or empty
	TypeCredit                    // C, R: varint, so many more bytes may be sent
	TypeReset                     // C, R: the receiver wants no more; body is why
	TypeBye                       // C: no more calls will come; leave (a terminal passes on no end of file)
	typeLast
)
