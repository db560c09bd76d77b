package keep

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sync"
)

// maxMessage bounds a message; a private key is the longest thing in one.
const maxMessage = 4 << 20

// link is one end of a connection between a run and the keeper. Messages are
// JSON behind their length; reads never take more than the message, so that
// other data may follow.
type link struct {
	*net.UnixConn
	mu sync.Mutex // one message is sent at a time
}

func newLink(c net.Conn) *link { return &link{UnixConn: c.(*net.UnixConn)} }

func (l *link) send(message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	return err
}

func (l *link) receive(message any) error {
	var head [4]byte
	if _, err := io.ReadFull(l, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxMessage {
		return fmt.Errorf("a message of %d bytes", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(l, text); err != nil {
		return err
	}
	return json.Unmarshal(text, message)
}
