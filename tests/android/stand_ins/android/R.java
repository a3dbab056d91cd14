package android;

public final class R {
    public static final class drawable {
        public static final int ic_menu_compass = 1;
    }
}
