package access_test

import (
	"os"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
