using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Simulator.Trials;

/// <summary>A signed request before it is signed: right unless a fault changes it.</summary>
internal sealed class WireRequest
{
    public required string Step { get; init; }
    public required string Url { get; init; }

    /// <summary>The protected header (RFC 8555 §6.2).</summary>
    public required JsonObject Header { get; init; }
    public required JwsSigner Signer { get; set; }
    public required byte[] Payload { get; set; }
    public HttpMethod Method { get; set; } = HttpMethod.Post;
    public string ContentType { get; set; } = "application/jose+json";

    /// <summary>Asks before it sends the body (RFC 9110 §10.1.1): a server that refuses it can answer, and need not end the connection.</summary>
    public bool AsksFirst { get; set; }

    /// <summary>Changes the flattened JWS after it was signed.</summary>
    public Action<JsonObject>? Change { get; set; }

    /// <summary>Changes the octets of the body, last of all.</summary>
    public Func<byte[], byte[]>? ChangeBody { get; set; }

    public string Text
    {
        set => Payload = Encoding.UTF8.GetBytes(value);
    }

    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(Method, Url);
        if (Method == HttpMethod.Post)
        {
            message.Content = new ByteArrayContent(Body());
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
            message.Headers.ExpectContinue = AsksFirst ? true : null;
        }

        return message;
    }

    private byte[] Body()
    {
        var jws = JsonNode.Parse(Signer.SignRaw(Encoding.UTF8.GetBytes(Header.ToJsonString()), Payload))!.AsObject();
        Change?.Invoke(jws);
        var body = Encoding.UTF8.GetBytes(jws.ToJsonString());
        return ChangeBody?.Invoke(body) ?? body;
    }
}
