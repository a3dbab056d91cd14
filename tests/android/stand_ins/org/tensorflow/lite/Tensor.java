package org.tensorflow.lite;

/** An int8 input of (1, 1, 80, 3), with the quantisation that the properties `scale` and `zero` name. */
public final class Tensor {
    public static final class QuantizationParams {
        public float getScale() {
            return Float.parseFloat(System.getProperty("scale"));
        }

        public int getZeroPoint() {
            return Integer.getInteger("zero");
        }
    }

    public int numBytes() {
        return 240;
    }

    public QuantizationParams quantizationParams() {
        return new QuantizationParams();
    }
}
