import java.net.URL;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;

/** Fetches a URL: java Fetch.java https://…; ends with 1 where TLS fails. */
public final class Fetch {
    public static void main(String[] arguments) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) new URL(arguments[0]).openConnection();
        connection.setRequestProperty("Connection", "close");
        try {
            connection.getInputStream().readAllBytes();
        } catch (SSLException failure) {
            System.err.println(failure);
            System.exit(1);
        }
    }
}
