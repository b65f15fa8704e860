import java.io.PrintStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import javax.xml.namespace.QName;
import javax.xml.transform.Source;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;
import javax.xml.ws.Dispatch;
import javax.xml.ws.Service;
import javax.xml.ws.WebServiceException;
import javax.xml.ws.soap.SOAPBinding;
import javax.xml.ws.soap.SOAPFaultException;

/** One query over the JAX-WS reference implementation; prints what a program that uses it learns. */
public class JaxwsClient {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        QName port = new QName("http://dancuquocgia.bca", "Port");
        Service service = Service.create(new QName("http://dancuquocgia.bca", "Service"));
        service.addPort(port, SOAPBinding.SOAP11HTTP_BINDING, arguments[0]);
        Dispatch<Source> dispatch = service.createDispatch(port, Source.class, Service.Mode.PAYLOAD);
        String query = "<d:TraCuuThongTinCongDan xmlns:d=\"http://dancuquocgia.bca\"><d:MaYeuCau>MAU-1</d:MaYeuCau>"
            + "<d:TaiKhoan>" + arguments[1] + "</d:TaiKhoan><d:SoDinhDanh>000099000001</d:SoDinhDanh>"
            + "</d:TraCuuThongTinCongDan>";
        try {
            StringWriter answer = new StringWriter();
            TransformerFactory.newInstance().newTransformer().transform(
                dispatch.invoke(new StreamSource(new StringReader(query))), new StreamResult(answer));
            out.println("answer " + answer);
        } catch (SOAPFaultException refusal) {
            out.println("fault " + refusal.getFault().getFaultCode());
            out.println(refusal.getMessage());
        } catch (WebServiceException trouble) {
            out.println("trouble " + trouble.getMessage());
        }
    }
}
