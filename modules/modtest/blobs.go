package modtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
)

// Blobs is a controller that holds contents and takes what is sent.
type Blobs struct {
	Have map[string]string

	mu   sync.Mutex
	Sent map[string]string
	// Opened counts how often each was asked for.
	Opened map[string]int
}

// Open gives one of Have.
func (b *Blobs) Open(_ context.Context, id string) (io.ReadCloser, error) {
	data, ok := b.Have[id]
	if !ok {
		return nil, fmt.Errorf("no blob %s", id)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Opened == nil {
		b.Opened = map[string]int{}
	}
	b.Opened[id]++
	return io.NopCloser(bytes.NewReader([]byte(data))), nil
}

// Send takes a stream into Sent.
func (b *Blobs) Send(_ context.Context, name string) (io.WriteCloser, error) {
	return &sending{b: b, name: name}, nil
}

type sending struct {
	bytes.Buffer
	b    *Blobs
	name string
}

// Close keeps what was written.
func (s *sending) Close() error {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	if s.b.Sent == nil {
		s.b.Sent = map[string]string{}
	}
	s.b.Sent[s.name] = s.String()
	return nil
}
