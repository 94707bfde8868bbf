using System.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4.2: the certificate with its chain, leaf first, and links to the other chains.</summary>
internal static class GetCertificate
{
    private const string MediaType = "application/pem-certificate-chain";

    public static Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db) => Alternate(request, id, 0, db);

    public static async Task<IResult> Alternate(AcmeRequest request, string id, int alternate, AcmeDb db)
    {
        request.RequirePostAsGet();
        await using var context = db.Read();
        var certificateId = new CertificateId(id);
        var found = context.Hot.Certificate(context, certificateId);
        if (found is null || found.Account != request.Account.Id)
        {
            throw Problems.Unauthorized("not-your-certificate", "path: this account has no such certificate in this directory");
        }

        if (alternate < 0 || alternate >= found.Chains.Count)
        {
            throw Problems.Malformed("chain-unknown", $"path: this certificate has {found.Chains.Count} chain(s)", StatusCodes.Status404NotFound);
        }

        var hash = found.Chains[alternate];
        var chain = context.Hot.Chain(context, hash) ?? throw new InvalidOperationException($"the store has no chain {hash}");
        return new PemReply(CertificatePem.Write(found.Certificate, chain), Links(request.Urls, found, alternate));
    }

    private static IEnumerable<string> Links(AcmeUrls urls, StoredCertificate certificate, int shown) =>
        Enumerable.Range(0, certificate.Chains.Count).Where(number => number != shown)
            .Select(number => number == 0 ? urls.Certificate(certificate.Id) : urls.AlternateCertificate(certificate.Id, number));

    private sealed class PemReply(string pem, IEnumerable<string> alternates) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var bytes = Encoding.ASCII.GetBytes(pem);
            httpContext.Response.ContentType = MediaType;
            httpContext.Response.ContentLength = bytes.Length;
            foreach (var alternate in alternates)
            {
                httpContext.Response.Headers.Append("Link", $"<{alternate}>;rel=\"alternate\"");
            }

            return httpContext.Response.Body.WriteAsync(bytes).AsTask();
        }
    }
}
