using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.1.1, with <c>meta.profiles</c> of draft-ietf-acme-profiles.</summary>
internal static class GetDirectory
{
    public static IResult Default(ProfileCatalog profiles, ServerOptions options) => Of(profiles.Default, null, profiles, new AcmeUrls(options.BaseUrl, profiles.Default.Name), options);

    public static async Task<IResult> Handle(string profile, HttpContext context, ProfileCatalog profiles, TicketDirectories tickets, ServerOptions options)
    {
        var found = profiles.Require(profile);
        var ticket = await tickets.Find(context, found);
        return Of(found, ticket, profiles, TicketDirectories.Urls(context, options, found), options);
    }

    /// <summary>RFC 8555 §6.3: by POST-as-GET too.</summary>
    public static IResult Posted(AcmeRequest request, ProfileCatalog profiles, ServerOptions options)
    {
        request.RequirePostAsGet();
        return Of(request.Profile, request.Ticket, profiles, request.Urls, options);
    }

    private static JsonReply<DirectoryObject> Of(CertificateProfile profile, Ticket? ticket, ProfileCatalog profiles, AcmeUrls urls, ServerOptions options) => new(
        new DirectoryObject
        {
            NewNonce = urls.NewNonce,
            NewAccount = urls.NewAccount,
            NewOrder = urls.NewOrder,
            NewAuthz = urls.NewAuthorization,
            RevokeCert = urls.RevokeCertificate,
            KeyChange = urls.KeyChange,
            Meta = new DirectoryMeta
            {
                TermsOfService = options.TermsOfService?.AbsoluteUri,
                CaaIdentities = options.CaaIdentities.Count > 0 ? options.CaaIdentities : null,
                // in a ticket's own directory the ticket is shown already
                ExternalAccountRequired = ticket is null && profile.RequiresTicket ? true : null,
                Profiles = profiles.OpenFrom(profile, null).ToDictionary(open => open.Name, open => open.Description ?? open.Name),
            },
        },
        AcmeJson.Default.DirectoryObject);
}
