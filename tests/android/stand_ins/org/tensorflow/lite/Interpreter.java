package org.tensorflow.lite;

import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Prints the bytes that it is given, and answers with the rows of the file that the property `rows` names. */
public final class Interpreter implements AutoCloseable {
    public static class Options {
        public Options setNumThreads(int threads) {
            if (threads != 1) throw new IllegalArgumentException();
            return this;
        }
    }

    private final DataInputStream rows;

    public Interpreter(ByteBuffer model, Options options) {
        if (!model.isDirect() || model.order() != ByteOrder.nativeOrder() || model.remaining() < 1000)
            throw new IllegalArgumentException("LiteRT takes direct buffers only, rewound");
        try {
            rows = new DataInputStream(new FileInputStream(new File(System.getProperty("rows"))));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    public Tensor getInputTensor(int index) {
        return new Tensor();
    }

    public void run(Object input, Object output) {
        ByteBuffer buffer = (ByteBuffer) input;
        byte[] given = new byte[buffer.remaining()];
        buffer.get(given);
        System.out.println("run " + Arrays.toString(given).replaceAll("[\\[\\],]", ""));
        try {
            rows.readFully(((byte[][]) output)[0]);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public void close() {
    }
}
