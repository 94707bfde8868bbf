using DeviceAcme.Core.Tickets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class TicketMapping : IEntityTypeConfiguration<Ticket>
{
    public void Configure(EntityTypeBuilder<Ticket> ticket)
    {
        ticket.ToTable("tickets");
        ticket.HasKey(t => t.Id);
        ticket.Property(t => t.Id).HasColumnName("id");
        ticket.Property(t => t.Profile).HasColumnName("profile");
        ticket.Property(t => t.Note).HasColumnName("note");
        ticket.Property(t => t.CreatedBy).HasColumnName("created_by");
        ticket.Property(t => t.CreatedAt).HasColumnName("created_at");
        ticket.Property(t => t.ExpiresAt).HasColumnName("expires_at");
        ticket.Property(t => t.RegistrationEndsAt).HasColumnName("registration_ends_at");
        ticket.Property(t => t.Uses).HasColumnName("uses");
        ticket.Property(t => t.Used).HasColumnName("used");
        ticket.Property(t => t.LastUsedAt).HasColumnName("last_used_at");
        ticket.Property(t => t.Account).HasColumnName("account_id");
        ticket.Property(t => t.Device).HasColumnName("device_id");
        ticket.Property(t => t.Allowed).HasColumnName("allowed");
        ticket.Property(t => t.Attributes).HasColumnName("attributes");
        ticket.Property(t => t.MacKey).HasColumnName("mac_key");
        ticket.Property(t => t.CodeHash).HasColumnName("code_hash");
        ticket.Property(t => t.RevokedAt).HasColumnName("revoked_at");
        ticket.Property(t => t.RevocationReason).HasColumnName("revocation_reason");
        ticket.Property(t => t.Version).HasColumnName("version").IsConcurrencyToken();
        ticket.HasIndex(t => t.CodeHash).IsUnique().HasFilter("code_hash IS NOT NULL").HasDatabaseName("tickets_code");
        ticket.HasIndex(t => new { t.CreatedAt, t.Id }).HasDatabaseName("tickets_created");
        ticket.HasIndex(t => new { t.Device, t.CreatedAt, t.Id }).HasFilter("device_id IS NOT NULL").HasDatabaseName("tickets_device");
        ticket.HasIndex(t => new { t.Profile, t.CreatedAt, t.Id }).HasDatabaseName("tickets_profile");
    }
}
