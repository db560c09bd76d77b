package wire

import (
	"io"
	"strings"
)

// ProcessorsEnv is the environment variable that gives a runner's GOMAXPROCS as it
// was before the line that starts the runner set it; it may be empty.
const ProcessorsEnv = "DROVER_GOMAXPROCS"

// maxNoise is how much a login shell may print before the runner speaks.
const maxNoise = 256 << 10

// NoiseError says that the stream ended, or too much came, before a greeting.
type NoiseError struct {
	Noise string // the beginning of what came instead
	Err   error
}

func (e *NoiseError) Error() string {
	if e.Noise == "" {
		return "no answer: " + e.Err.Error()
	}
	return "no answer, only: " + e.Noise
}

// Unwrap gives the cause.
func (e *NoiseError) Unwrap() error { return e.Err }

// Greet skips everything before the first of the greetings and gives its
// index; what was skipped goes to noise byte by byte when that is not nil.
func (r *Reader) Greet(noise func(byte), greetings ...string) (int, error) {
	window := make([]byte, 0, 512)
	for n := 0; ; n++ {
		c, err := r.r.ReadByte()
		if err == nil && n > maxNoise {
			err = protocolErrorf("more than %d bytes of other output", maxNoise)
		}
		if err != nil {
			return 0, &NoiseError{Noise: strings.TrimSpace(string(window)), Err: err}
		}
		if len(window) == cap(window) {
			window = append(window[:0], window[len(window)/2:]...)
		}
		window = append(window, c)
		for i, g := range greetings {
			if c == g[len(g)-1] && strings.HasSuffix(string(window), g) {
				return i, nil
			}
		}
		if noise != nil {
			noise(c)
		}
	}
}

// Line reads a line of text, without its end.
func (r *Reader) Line() (string, error) {
	var b strings.Builder
	for b.Len() < maxNoise {
		c, err := r.r.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return strings.TrimSuffix(b.String(), "\r"), nil
		}
		b.WriteByte(c)
	}
	return "", protocolErrorf("a line is longer than %d bytes", maxNoise)
}

// Hello reads the hello that follows the magic and checks its version.
func (r *Reader) Hello() (*Hello, error) {
	f, err := r.Read()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if f.Type != TypeHello {
		return nil, protocolErrorf("a frame of type %d instead of the hello", f.Type)
	}
	h := new(Hello)
	err = h.Decode(f.Body)
	if h.Version != Version { // whose hello may be a shorter one
		return nil, protocolErrorf("the other side speaks version %d, this one %d", h.Version, Version)
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}
