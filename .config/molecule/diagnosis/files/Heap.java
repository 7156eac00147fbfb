import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Garbage under a collector. "leak" remembers a part of each request for ever; "sessions" keeps each for some seconds, so that
 * garbage gets old and the heap grows until it is collected; "garbage" drops all at once.
 * All but "sessions" collect the old generation now and then, as an RMI server does.
 */
public class Heap {
    static final byte[] PROGRAM = new byte[24 * 1024 * 1024]; // what lives as long as the service does
    static final List<byte[]> REMEMBERED = new ArrayList<>();
    static final ArrayDeque<byte[]> SESSIONS = new ArrayDeque<>();

    public static void main(String[] arguments) throws InterruptedException {
        String mode = arguments[0];
        for (long round = 1; ; round++) {
            byte[][] request = new byte[16][];
            for (int i = 0; i < request.length; i++) {
                request[i] = new byte[64 * 1024];
            }
            if (mode.equals("leak") && round % 2 == 0) {
                REMEMBERED.add(request[0]);
            }
            if (mode.equals("sessions")) {
                SESSIONS.add(request[0]);
                SESSIONS.add(request[1]);
                if (round > 200) {
                    SESSIONS.remove();
                    SESSIONS.remove();
                }
            } else if (round % 60 == 0) {
                System.gc();
            }
            Thread.sleep(25);
        }
    }
}
